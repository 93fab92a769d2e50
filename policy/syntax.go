package policy

import (
	"regexp"
	"strconv"
)

var yamlError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// syntax notes an error of the YAML parser.
func (r *reader) syntax(err error) {
	parts := yamlError.FindStringSubmatch(err.Error())
	line, _ := strconv.Atoi(parts[1])
	r.bad(place{max(line, 1), 1}, "", "is not YAML here: %s", parts[2])
}
