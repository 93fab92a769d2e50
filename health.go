package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// healthCommand asks a service on this machine how it is. An image without a shell has no other way to be asked, and a
// container's health check runs it.
type healthCommand struct {
	Listen string
	Ready  bool
}

func (c *healthCommand) define(flags *flagSet) {
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:8080", "The `HOST:PORT` that the service was given to listen on.")
	flags.BoolVar(&c.Ready, "ready", false, "Ask whether it takes requests (/readyz), not only whether it runs (/livez).")
	flags.noVariable = []string{"ready"}
}

// healthPatience is how long a service may take to say how it is.
const healthPatience = 2 * time.Second

// Run fails where the service does not answer 200.
func (c *healthCommand) Run(ctx context.Context, _ streams) error {
	address, err := reachable(c.Listen)
	if err != nil {
		return err
	}
	path := "/livez"
	if c.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return fmt.Errorf("--listen cannot be asked: %w", err)
	}
	direct := &http.Transport{} // whatever proxy the environment names, this machine is not behind it
	defer direct.CloseIdleConnections()
	answer, err := direct.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("no service answers at %s: %w", address, err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the service at %s answers %s with %s", address, path, answer.Status)
	}
	return nil
}

// reachable gives where this machine reaches what listens on the address: a service that listens on all addresses is
// asked over loopback.
func reachable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("--listen is no HOST:PORT: %w", err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}
