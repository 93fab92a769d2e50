package main

import (
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"strings"
)

// defineDatabase is for a command that cannot do without a history.
func defineDatabase(flags *flagSet, url *string) {
	flags.StringVar(url, "database", "", "The `URL` of the history: postgres://user:password@host/database or sqlite:///path/file.db.")
	flags.required = []string{"database"}
}

func definePasswordFile(flags *flagSet, file *string) {
	flags.StringVar(file, "database-password-file", "", "Take PostgreSQL's password from this `FILE`, such as a container's secret, not from --database.")
}

// withPassword puts the password that a file holds, such as a container's secret, into a database's URL; a newline at
// its end is not part of it. Without a file the URL stays as it is. No error holds the URL or the password.
func withPassword(database, file string) (string, error) {
	if file == "" {
		return database, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--database-password-file cannot be read: %w", err)
	}
	password := strings.TrimRight(string(content), "\r\n")
	if password == "" {
		return "", fmt.Errorf("--database-password-file: %s is empty: write the password into it", file)
	}
	address, err := neturl.Parse(database)
	if err != nil || !strings.HasPrefix(address.Scheme, "postgres") {
		return "", errors.New("--database-password-file goes with a --database of the form postgres://user@host/database")
	}
	if _, given := address.User.Password(); given {
		return "", errors.New("--database holds a password and --database-password-file names another: leave one out")
	}
	address.User = neturl.UserPassword(address.User.Username(), password)
	return address.String(), nil
}
