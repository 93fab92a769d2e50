package policy

import (
	"os"
	"testing"
)

func TestLoadGood(t *testing.T) {
	_, issues := Load(os.DirFS("testdata/good"), "motor")
	if issues != nil {
		t.Fatal(issues)
	}
}
