package main

import (
	"bytes"
	"math/rand/v2"
	"unicode/utf8"
)

// Pieces that mean something to YAML, put into files where they do not belong.
var pieces = []string{"!", "!!", "!x", "!!str ", "!x,", "![", "!x]", "!<", "!<x>", "&a ", "*a", "&", "*", "[", "]", "{", "}", ",", ", ", ":", ": ", " :", "#", " #", "-", "- ", "?", "? ", "|", ">", "|-", "'", "\"", "\\", "%", "@", "`", "~", "<<: ", "<<",
	"---", "---\n", "...", "...\n", "\n", "\n\n", "\r", "\r\n", "\t", " ", "  ", "\u0085", "\u2028", "\u2029", "\u00a0", "\ufeff", "\u0000", "\u0001", "\u007f", "\ufffe", "\ufffd", "é", "😀", "\xff", "\xc3", "\xed\xa0\x80", "0", "1", "x", "yes", "null", ".inf", "=", "+", "$", "$a", "\\x", "\"\\ud83d\\ude00\"", "\"\"", "''", "[]", "{}", "{}\n", "\n%YAML 1.1\n", "%TAG ! x\n", "\n---\n", "[x]: ", "{x}: ", "? x\n: y\n", "- - ", "!!binary ", "!!int ", "!!null ", "!!map ", "!!seq "}

// damage gives a good file with one to four small mistakes in it.
func damage(rng *rand.Rand, good, other []byte) []byte {
	text := bytes.Clone(good)
	count := 1
	for count < 4 && rng.IntN(2) == 0 {
		count++
	}
	for range count {
		text = damageOnce(rng, text, other)
	}
	// Behind a second mark yaml.v2 loses the first character of each line that starts with a token, until its buffer is
	// moved (`is_bom` in yamlprivateh.go looks at the start of the buffer). kaslint does not follow it there.
	for bytes.HasPrefix(text, []byte("\ufeff\ufeff")) {
		text = text[len("\ufeff"):]
	}
	return text
}

func damageOnce(rng *rand.Rand, text, other []byte) []byte {
	if len(text) == 0 {
		return []byte(pieces[rng.IntN(len(pieces))])
	}
	at := boundary(text, rng.IntN(len(text)+1))
	switch rng.IntN(14) {
	case 0, 1, 2: // a piece too many
		return splice(text, at, at, []byte(pieces[rng.IntN(len(pieces))]))
	case 3, 4: // a character too few
		return splice(text, at, next(text, at), nil)
	case 5: // a piece instead of a character
		return splice(text, at, next(text, at), []byte(pieces[rng.IntN(len(pieces))]))
	case 6: // a few characters too few
		return splice(text, at, boundary(text, min(len(text), at+1+rng.IntN(12))), nil)
	case 7: // the end is missing
		return text[:at]
	case 8: // a line twice, or somewhere else
		start, end := line(text, at)
		to, _ := line(text, boundary(text, rng.IntN(len(text)+1)))
		return splice(text, to, to, bytes.Clone(text[start:end]))
	case 9: // a line too few
		start, end := line(text, at)
		return splice(text, start, end, nil)
	case 10: // a line moved to the side
		start, _ := line(text, at)
		if rng.IntN(2) == 0 && start < len(text) && text[start] == ' ' {
			return splice(text, start, start+1, nil)
		}
		return splice(text, start, start, []byte([]string{" ", "  ", "\t", "- "}[rng.IntN(4)]))
	case 11: // two files in one
		if len(other) == 0 {
			return text
		}
		from := boundary(other, rng.IntN(len(other)))
		to := boundary(other, min(len(other), from+rng.IntN(40)))
		return splice(text, at, at, other[from:to])
	case 12: // characters of structure exchanged for each other
		structure := []byte("[]{},:#-?&*!|>'\"%@ \n")
		for range 20 {
			at := rng.IntN(len(text))
			if bytes.IndexByte(structure, text[at]) >= 0 {
				return splice(text, at, at+1, structure[rng.Int()%len(structure):][:1])
			}
		}
		return text
	default: // a part of the line twice
		_, end := line(text, at)
		return splice(text, end, end, bytes.Clone(text[at:end]))
	}
}

func splice(text []byte, start, end int, with []byte) []byte {
	changed := make([]byte, 0, len(text)+len(with))
	changed = append(changed, text[:start]...)
	changed = append(changed, with...)
	return append(changed, text[end:]...)
}

// boundary gives the start of the character that an offset lies in.
func boundary(text []byte, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

func next(text []byte, at int) int {
	_, size := utf8.DecodeRune(text[at:])
	return at + size
}

// line gives the start and end of the line that an offset lies in, the line break included.
func line(text []byte, at int) (int, int) {
	start := bytes.LastIndexByte(text[:at], '\n') + 1
	if length := bytes.IndexByte(text[at:], '\n'); length >= 0 {
		return start, at + length + 1
	}
	return start, len(text)
}
