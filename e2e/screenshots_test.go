package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestScreenshots makes the pictures of the docs in the folder that VERDICTORY_SCREENSHOTS names: make screenshots. The
// cases are always the same ones.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("VERDICTORY_SCREENSHOTS")
	if folder == "" {
		t.Skip("make screenshots makes them")
	}
	address, stop, err := up(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, key := range []string{"9V3KJ6RA-5NNT0W8S", "P0M4T7ZD-B1X9Q2HE", "XD2H8QF1-7T4C6M0Y", "4C6M0Y11-8QF1XD2H", "M0Y11234-QF1XD2H8", "7KQ2X9FM-03ZT8W1C"} {
		answer, err := http.PostForm(address+"/motor-insurance/cases", url.Values{"key": {key}, "mode": {"random"}})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
	for name, shot := range map[string]struct {
		path string
		how  look
	}{
		"workbench.png":      {"/motor-insurance", look{width: 1280, height: 900}},
		"workbench-dark.png": {"/motor-insurance", look{width: 1280, height: 900, dark: true}},
		"history.png":        {"/motor-insurance/history", look{width: 1280, height: 620}},
		"rules.png":          {"/motor-insurance/rules", look{width: 1280, height: 900}},
		"phone.png":          {"/motor-insurance", look{width: 390, height: 844}},
	} {
		b := open(t, shot.how)
		b.visit(address + shot.path)
		b.until("document.readyState === 'complete'")
		picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
