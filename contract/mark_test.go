package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"verdictory/contract"
)

func TestMarksReadBack(t *testing.T) {
	for _, mark := range []contract.Mark{{Kind: contract.OutOfRange, Field: "driver.age"}, {Kind: contract.BrokenLink, Field: "driver.age"}} {
		text, err := json.Marshal(mark)
		var back contract.Mark
		if err := json.Unmarshal(text, &back); err != nil || back != mark {
			t.Errorf("%s is read back as %v, %v", text, back, err)
		}
		if want := `"` + string(mark.Kind) + `:driver.age"`; err != nil || string(text) != want {
			t.Errorf("got %s, %v, want %s", text, err, want)
		}
	}
}

func TestParseMarkRefuses(t *testing.T) {
	for _, text := range []string{"", ":", "out-of-range", "out-of-range:", ":driver.age", "Out-of-range:driver.age", "late:driver.age"} {
		if mark, err := contract.ParseMark(text); err == nil || !strings.Contains(err.Error(), "write out-of-range or broken-link") {
			t.Errorf("%q: %v, %v", text, mark, err)
		}
	}
}
