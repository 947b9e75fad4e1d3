package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"sort"
	"strings"
	"sync"
)

// A comparison of this reader with kaslint.
type comparison struct {
	reader  *reader
	kaslint string
	folder  string
	// Paths of recorded cases, with commas between.
	cases string
	// Recorded files that are accepted.
	good [][]byte
}

// A sample is a file that both read.
type sample struct {
	name string
	text []byte
}

// So many files are read by one run of kaslint.
const batchSize = 500

func (c *comparison) run(seed uint64, count int) (int, error) {
	// Only what an earlier comparison left is removed.
	old, _ := filepath.Glob(filepath.Join(c.folder, "*.yaml"))
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return 0, err
		}
	}
	if err := os.MkdirAll(c.folder, 0o777); err != nil {
		return 0, err
	}
	var err error
	if c.kaslint, err = filepath.Abs(c.kaslint); err != nil {
		return 0, err
	}
	recorded, err := c.recorded()
	if err != nil {
		return 0, err
	}
	kinds := []struct {
		name  string
		count int
		make  func(int) sample
	}{
		{"recorded", len(recorded), func(i int) sample { return recorded[i] }},
		{"generated", count, func(i int) sample { return generated(c.reader, seed, i) }},
		{"damaged", count, func(i int) sample {
			rng := rand.New(rand.NewPCG(seed, uint64(2*i+1)))
			return sample{fmt.Sprintf("damaged-%d-%d", seed, i), damage(rng, c.goodFile(rng), c.goodFile(rng))}
		}},
	}
	total := 0
	for _, kind := range kinds {
		differences, accepted, err := c.compareAll(kind.count, kind.make)
		if err != nil {
			return 0, err
		}
		fmt.Printf("%d %s files (seed %d): %d accepted, %d read otherwise by kaslint\n", kind.count, kind.name, seed, accepted, len(differences))
		for i, difference := range differences {
			if i == 20 {
				fmt.Println("…")
				break
			}
			fmt.Println(difference)
		}
		total += len(differences)
	}
	return total, nil
}

// generated gives the file with this number of a seed.
func generated(reader *reader, seed uint64, i int) sample {
	rng := rand.New(rand.NewPCG(seed, uint64(2*i)))
	return sample{fmt.Sprintf("generated-%d-%d", seed, i), generate(reader, rng, true)}
}

// goodFile gives a file that is accepted.
func (c *comparison) goodFile(rng *rand.Rand) []byte {
	if len(c.good) > 0 && rng.IntN(4) == 0 {
		return c.good[rng.IntN(len(c.good))]
	}
	for range 20 {
		if text := generate(c.reader, rng, false); c.reader.read(text).Accepted {
			return text
		}
	}
	return []byte("ci_access:\n  projects:\n    - id: a/b\n")
}

// recorded reads the cases: files with their verdicts, which kaslint's own tests hold it to.
func (c *comparison) recorded() ([]sample, error) {
	var samples []sample
	if c.cases == "" {
		return nil, nil
	}
	for _, path := range strings.Split(c.cases, ",") {
		lines, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for i, line := range bytes.Split(bytes.TrimSpace(lines), []byte("\n")) {
			var found struct {
				Name string  `json:"name"`
				YAML *string `json:"yaml"`
				// The bytes of a file that is no UTF-8.
				Base64   string `json:"yaml_base64"`
				Accepted bool   `json:"accepted"`
			}
			if err := json.Unmarshal(line, &found); err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, i+1, err)
			}
			text, err := base64.StdEncoding.DecodeString(found.Base64)
			if found.YAML != nil {
				text = []byte(*found.YAML)
			} else if err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", path, i+1, err)
			}
			samples = append(samples, sample{fmt.Sprintf("recorded-%d-%s", len(samples), filepath.Base(found.Name)), text})
			if found.Accepted && len(text) < 4096 {
				c.good = append(c.good, text)
			}
		}
	}
	return samples, nil
}

func (c *comparison) compareAll(count int, make func(int) sample) ([]string, int, error) {
	var (
		group       sync.WaitGroup
		mutex       sync.Mutex
		differences []string
		accepted    int
		failures    []error
	)
	starts := func(yield func(int) bool) {
		for start := 0; start < count && yield(start); start += batchSize {
		}
	}
	slots := newSlots(runtime.NumCPU())
	for start := range starts {
		slots <- struct{}{}
		group.Add(1)
		go func() {
			defer func() { <-slots; group.Done() }()
			found, taken, err := c.compareBatch(start, min(count, start+batchSize), make)
			mutex.Lock()
			defer mutex.Unlock()
			differences = append(differences, found...)
			accepted += taken
			failures = append(failures, err)
		}()
	}
	group.Wait()
	sort.Strings(differences)
	return differences, accepted, errors.Join(failures...)
}

// newSlots stands apart, as `make` is something else where it is called.
func newSlots(count int) chan struct{} { return make(chan struct{}, count) }

func (c *comparison) compareBatch(start, end int, make func(int) sample) (differences []string, accepted int, err error) {
	var samples []sample
	arguments := []string{"decode", "--format", "json", "--isolated"}
	for i := start; i < end; i++ {
		sample := make(i)
		sample.name += ".yaml"
		if err := os.WriteFile(filepath.Join(c.folder, sample.name), sample.text, 0o666); err != nil {
			return nil, 0, err
		}
		samples = append(samples, sample)
		arguments = append(arguments, sample.name)
	}
	run := exec.Command(c.kaslint, arguments...)
	run.Dir = c.folder
	var complaints bytes.Buffer
	run.Stderr = &complaints
	out, err := run.Output()
	// Status 1 says that a file is refused.
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		return nil, 0, fmt.Errorf("kaslint decode: %w: %s", err, complaints.String())
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != len(samples) {
		return nil, 0, fmt.Errorf("kaslint decode: %d lines for %d files: %s", len(lines), len(samples), complaints.String())
	}
	for i, sample := range samples {
		var theirs verdict
		if err := json.Unmarshal(lines[i], &theirs); err != nil {
			return nil, 0, fmt.Errorf("kaslint decode: %s: %w", sample.name, err)
		}
		ours := c.reader.read(sample.text)
		if ours.Accepted {
			accepted++
		}
		path := filepath.Join(c.folder, sample.name)
		if c.isOneOfOurs(sample.text, ours, theirs) {
			if err := os.Remove(path); err != nil {
				return nil, 0, err
			}
			continue
		}
		differences = append(differences, fmt.Sprintf("%s\n  %.400q\n  libraries: %s\n  kaslint:   %s", path, sample.text, shown(ours), shown(theirs)))
	}
	return differences, accepted, nil
}

// isOneOfOurs tells whether a verdict is one that the libraries give. Keys that are different to YAML and the same to
// JSON (`1` and `"1"`) are settled by the order of a Go map, which is by chance.
func (c *comparison) isOneOfOurs(text []byte, ours, theirs verdict) bool {
	if agree(ours, theirs) {
		return true
	}
	for range 12 {
		if agree(c.reader.read(text), theirs) {
			return true
		}
	}
	return false
}

func agree(ours, theirs verdict) bool {
	if ours.Accepted != theirs.Accepted || !reflect.DeepEqual(ours.Stage, theirs.Stage) {
		return false
	}
	// A refusal has words, an accepted file has none.
	return (theirs.Error == nil) == theirs.Accepted && isSame(ours.Config, theirs.Config)
}

// isSame compares two configurations. kaslint puts asterisks in the place of what may be a secret.
func isSame(ours, theirs any) bool {
	switch ours := ours.(type) {
	case string:
		theirs, isText := theirs.(string)
		if !isText || len(ours) != len(theirs) {
			return false
		}
		for i := range len(ours) {
			if ours[i] != theirs[i] && theirs[i] != '*' {
				return false
			}
		}
		return true
	case []any:
		theirs, isList := theirs.([]any)
		if !isList || len(ours) != len(theirs) {
			return false
		}
		for i := range ours {
			if !isSame(ours[i], theirs[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		theirs, isMap := theirs.(map[string]any)
		if !isMap || len(ours) != len(theirs) {
			return false
		}
		for key, value := range ours {
			other, isThere := theirs[key]
			if !isThere || !isSame(value, other) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(ours, theirs)
}

func shown(v verdict) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
