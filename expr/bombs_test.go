package expr

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"verdictory/policy"
)

// bombs are sources that are short to write and might be long to read, check or evaluate.
func bombs() map[string]string {
	repeat := strings.Repeat
	return map[string]string{
		"round brackets":             repeat("(", 2000) + "1" + repeat(")", 2000),
		"round brackets, open":       repeat("(", 4000),
		"round brackets, closed":     repeat(")", 4000),
		"square brackets":            repeat("[", 2000) + "1" + repeat("]", 2000),
		"square brackets, open":      repeat("[", 4000),
		"curly brackets":             repeat("{", 4000),
		"maps in maps":               repeat("{1:", 1000) + "1" + repeat("}", 1000),
		"mixed brackets":             repeat("([{", 1300),
		"indexes":                    "checks.flags" + repeat("[0]", 1300),
		"indexes in indexes":         repeat("checks.flags[", 300) + "0" + repeat("]", 300),
		"negations":                  repeat("!", 4000) + "driver.ok",
		"minuses":                    repeat("-", 4000) + "driver.age",
		"minuses apart":              repeat("- ", 2000) + "1",
		"choices to the right":       repeat("driver.ok?1:", 330) + "1",
		"choices to the left":        repeat("driver.ok?", 330) + "1" + repeat(":1", 330),
		"choices in conditions":      "driver.ok" + repeat("?true:false", 350),
		"a long sum":                 "1" + repeat("+1", 2000),
		"a sum within limits":        "driver.age" + repeat("+1", 240),
		"a long product":             "9" + repeat("*9", 2000),
		"a long and":                 "driver.ok" + repeat("&&driver.ok", 370),
		"a long or":                  "driver.ok" + repeat("||driver.ok", 370),
		"and and or in turn":         "driver.ok" + repeat("||driver.ok&&driver.ok", 180),
		"a domain of many boxes":     "(driver.age==1||driver.ok)" + repeat("&&(driver.age==1||driver.ok)", 70),
		"brackets around conditions": repeat("(driver.ok||", 30) + "driver.ok" + repeat(")&&driver.ok", 30),
		"comparisons of comparisons": "1" + repeat("==1", 1300),
		"a long list":                "driver.age in [" + repeat("1,", 2000) + "1]",
		"a list within limits":       "driver.age in [" + repeat("1,", 480) + "1]",
		"lists of lists":             repeat("[[1],", 800),
		"empty lists":                "[" + repeat("[],", 480) + "[]]",
		"empty lists joined":         "[]" + repeat("+[]", 240),
		"empty lists compared":       repeat("[[]]==", 160) + "[[]]",
		"texts joined":               "driver.note" + repeat("+driver.note", 240),
		"an open text":               `"` + repeat("a", 4000),
		"an open raw text":           `r"""` + repeat(`\"`, 2000),
		"escapes":                    `"` + repeat(`\u00e9`, 600) + `"`,
		"many texts":                 repeat(`"a"`, 1300),
		"fields of fields":           "driver" + repeat(".age", 1000),
		"calls of calls":             repeat("size(", 800) + `"a"` + repeat(")", 800),
		"members of members":         `"a"` + repeat(".size()", 550),
		"many arguments":             "max(" + repeat("1,", 2000) + "1)",
		"unknown names":              "a" + repeat("+a", 480),
		"unknown functions":          "f()" + repeat("+f()", 240),
		"mismatches":                 `1+"a"` + repeat(`==(1+"a")`, 120),
		"always failing":             "1/0" + repeat("+1/0", 240),
		"all signs":                  repeat("&|=<>!?:.,;", 370),
		"control bytes":              repeat("\x00", 4000),
		"bytes that are no text":     repeat("\xff\xfe", 2000),
		"wide characters":            repeat("🚗", 1000),
		"backquotes":                 repeat("`", 4000),
		"notes":                      repeat("//", 2000),
		"lines":                      repeat("\n", 4000) + "driver.agee",
		"blank":                      repeat(" ", 4096),
		"too long":                   repeat("a", 1<<20),
	}
}

func TestBombsAreDefused(t *testing.T) {
	env := driverEnv(t)
	frame := &Frame{Slots: driverSlots()}
	for name, source := range bombs() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := processorTime(t)
			p, issues := env.Compile(policy.Expr{Source: source, Line: 1, Column: 1}, "rules.yaml", "when")
			if (p == nil) == (issues == nil) {
				t.Fatalf("program %v, issues %v", p, issues)
			}
			if p != nil {
				if p.Kind() == policy.Bool {
					p.Domain()
				}
				_, _ = p.Eval(frame) // an error is fine, time is not
			}
			took := processorTime(t) - start
			runtime.ReadMemStats(&after)
			if took > 200*time.Millisecond {
				t.Errorf("took %v", took)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
				t.Errorf("took %d bytes", used)
			}
		})
	}
}

// processorTime gives the time that this process has worked: unlike the clock, it does not run while others do.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestTextsAndListsStopGrowing is the bomb that decisions could make of one another's outputs.
func TestTextsAndListsStopGrowing(t *testing.T) {
	double := compile(t, `driver.note + driver.note`)
	frame := &Frame{Slots: driverSlots()}
	for range 40 {
		v, err := double.Eval(frame)
		if err != nil {
			if n := len(frame.Slots[5].Text()); n <= maxText/2 || n > maxText {
				t.Errorf("refused at %d bytes", n)
			}
			return
		}
		frame.Slots[5] = v
	}
	t.Error("a text doubled 40 times")
}
