// Package policy holds the documents that a decision policy is made of, and the values and objects they speak of.
//
// A policy is a folder of four documents: who.yaml and what.yaml describe the two objects that are generated,
// rules.yaml derives the verdict from them, examples.yaml lists worked examples with their source. This package
// reads the documents, says what is wrong with them and where, and gives each its digest. It does not run them: the
// generators package makes objects, the rules package makes verdicts. It imports nothing else of Verdictory.
package policy
