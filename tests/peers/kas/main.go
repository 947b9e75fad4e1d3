// Command kas reads agent configurations as GitLab's agent server (KAS) does, with the libraries that it reads with, and
// compares kaslint's reading of made-up files with its own.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const usage = `kas read --descriptor FILE FILES…      the verdict on each file, one JSON object a line
kas files --descriptor FILE --folder F …  writes generated files; kas files -h has the rest
kas compare --descriptor FILE --kaslint PROGRAM …  compares with kaslint decode; kas compare -h has the rest
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch arguments := os.Args[2:]; os.Args[1] {
	case "read":
		err = read(arguments)
	case "files":
		err = files(arguments)
	case "compare":
		err = compareCommand(arguments)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kas:", err)
		os.Exit(1)
	}
}

// files writes what "compare" would compare as generated: file i of a seed is the same in both.
func files(arguments []string) error {
	flags := flag.NewFlagSet("kas files", flag.ExitOnError)
	descriptor := flags.String("descriptor", "", "what the example agent_descriptor prints")
	folder := flags.String("folder", "", "where the files go")
	seed := flags.Uint64("seed", 1, "what decides all files, with their numbers")
	count := flags.Int("count", 2000, "how many files")
	_ = flags.Parse(arguments)
	reader, err := newReader(*descriptor)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*folder, 0o777); err != nil {
		return err
	}
	for i := range *count {
		sample := generated(reader, *seed, i)
		if err := os.WriteFile(filepath.Join(*folder, sample.name+".yaml"), sample.text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

func read(arguments []string) error {
	flags := flag.NewFlagSet("kas read", flag.ExitOnError)
	descriptor := flags.String("descriptor", "", "what the example agent_descriptor prints")
	_ = flags.Parse(arguments)
	reader, err := newReader(*descriptor)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, path := range flags.Args() {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := out.Encode(struct {
			Path string `json:"path"`
			verdict
		}{path, reader.read(text)}); err != nil {
			return err
		}
	}
	return nil
}

func compareCommand(arguments []string) error {
	flags := flag.NewFlagSet("kas compare", flag.ExitOnError)
	descriptor := flags.String("descriptor", "", "what the example agent_descriptor prints")
	c := comparison{}
	flags.StringVar(&c.kaslint, "kaslint", "", "the program to compare with")
	flags.StringVar(&c.folder, "folder", "", "a folder for the files, which is emptied first")
	flags.StringVar(&c.cases, "cases", "", "files of recorded cases, with commas between: compared as well, and those that are accepted are damaged")
	count := flags.Int("count", 20000, "how many files of each kind")
	seed := flags.Uint64("seed", 0, "decides what the files are; 0 is the seed of the day")
	isReport := flags.Bool("report", false, "whether differences are only told, and no failure")
	_ = flags.Parse(arguments)
	if flags.NArg() > 0 || c.kaslint == "" || c.folder == "" {
		return fmt.Errorf("--kaslint and --folder are needed, and nothing else is taken")
	}
	if *seed == 0 {
		year, month, day := time.Now().UTC().Date()
		*seed = uint64(year*10000 + int(month)*100 + day)
	}
	var err error
	if c.reader, err = newReader(*descriptor); err != nil {
		return err
	}
	differences, err := c.run(*seed, *count)
	if err != nil {
		return err
	}
	if differences > 0 && !*isReport {
		return fmt.Errorf("%d files are read otherwise than by kaslint; they lie in %s", differences, c.folder)
	}
	return nil
}
