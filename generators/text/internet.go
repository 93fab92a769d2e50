package text

import (
	"math/rand/v2"
	"net"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7/data"
)

func domainName(r *rand.Rand) string {
	s := strings.ToLower(pick(r, data.Job["descriptor"]) + pick(r, data.Company["bs"]))
	return strings.ReplaceAll(s, " ", "") + "." + pick(r, suffixes)
}

func url(r *rand.Rand) string {
	path := ""
	for range number(r, 1, 4) {
		path += "/" + strings.ToLower(pick(r, data.Company["bs"]))
	}
	return strings.ReplaceAll(pick(r, []string{"https", "http"})+"://www."+domainName(r)+path, " ", "")
}

func slug(a *arguments) Draw {
	words := a.count("words", "3", most)
	return func(r *rand.Rand) string { return strings.ToLower(repeated(r, words, word, "-")) }
}

// address gives n numbers below a bound.
func address(n, below, base int, separator byte) Draw {
	return func(r *rand.Rand) string {
		var b []byte
		for range n {
			b = append(strconv.AppendInt(b, int64(r.IntN(below)), base), separator)
		}
		return string(b[:len(b)-1])
	}
}

// macAddress never has ff.
func macAddress(r *rand.Rand) string {
	return net.HardwareAddr(several(r, 6, func(r *rand.Rand) byte { return byte(r.IntN(255)) })).String()
}

func chrome(r *rand.Rand) string {
	kit := numbered(r, 531, 536) + numbered(r, 0, 2)
	version := numbered(r, 36, 40) + ".0." + numbered(r, 800, 899)
	return "Mozilla/5.0 (" + platform(r) + ") AppleWebKit/" + kit + " (KHTML, like Gecko) Chrome/" + version + ".0 Mobile Safari/" + kit
}

func opera(r *rand.Rand) string {
	engine := "(" + platform(r) + "; en-US) Presto/2." + numbered(r, 8, 13) + "." + numbered(r, 160, 355) + " Version/" + numbered(r, 10, 13) + ".00"
	return "Opera/" + numbered(r, 8, 10) + "." + numbered(r, 10, 99) + " " + engine
}

func safari(r *rand.Rand) string {
	build := numbered(r, 531, 536) + "." + numbered(r, 1, 51) + "." + numbered(r, 1, 8)
	version := numbered(r, 4, 6) + "." + numbered(r, 0, 2)
	kit := " AppleWebKit/" + build + " (KHTML, like Gecko) Version/"
	desktop := kit + version + " Safari/" + build
	return "Mozilla/5.0 " + pick(r, []string{
		"(Windows; U; " + windows(r) + ")" + desktop,
		"(" + mac(r) + " rv:" + numbered(r, 4, 7) + ".0; en-US)" + desktop,
		"(" + pick(r, []string{"iPhone; CPU iPhone OS", "iPad; CPU OS"}) + " " + numbered(r, 7, 9) + "_" + numbered(r, 0, 3) + "_" + numbered(r, 1, 3) + " like Mac OS X; en-US)" +
			kit + numbered(r, 3, 5) + ".0.5 Mobile/8B" + numbered(r, 111, 120) + " Safari/6" + build,
	})
}

// platform draws all three before it picks one.
func platform(r *rand.Rand) string {
	return pick(r, []string{"X11; Linux " + pick(r, data.Computer["linux_processor"]), mac(r), windows(r)})
}

func mac(r *rand.Rand) string {
	return "Macintosh; " + pick(r, data.Computer["mac_processor"]) + " Mac OS X 10_" + numbered(r, 5, 9) + "_" + numbered(r, 0, 10)
}

func windows(r *rand.Rand) string { return pick(r, data.Computer["windows_platform"]) }
