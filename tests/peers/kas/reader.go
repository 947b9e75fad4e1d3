package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	_ "google.golang.org/protobuf/types/known/durationpb"
	"sigs.k8s.io/yaml"
)

// A verdict is what becomes of a file.
type verdict struct {
	Accepted bool `json:"accepted"`
	// The step that refuses it: "yaml", "decode" or "validate"; nil for a file that is accepted.
	Stage *string `json:"stage"`
	// What refuses it, in the words of the library.
	Error *string `json:"error"`
	// What GitLab's Rails side receives, as a value of encoding/json.
	Config any `json:"config"`
}

// A reader reads files as the agent server does.
type reader struct {
	configuration protoreflect.MessageDescriptor
}

// newReader takes the message from a file that `cargo run --example agent_descriptor` has written.
func newReader(path string) (*reader, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	written := &descriptorpb.FileDescriptorProto{}
	if err := protojson.Unmarshal(text, written); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := protodesc.NewFile(written, protoregistry.GlobalFiles)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	configuration := file.Messages().ByName("Message0")
	if configuration == nil {
		return nil, fmt.Errorf("%s: no message `Message0`", path)
	}
	return &reader{configuration}, nil
}

func refused(stage string, err error) verdict {
	text := err.Error()
	return verdict{Stage: &stage, Error: &text}
}

// read gives the verdict on one file.
func (r *reader) read(text []byte) verdict {
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return refused("yaml", err)
	}
	message := dynamicpb.NewMessage(r.configuration)
	// An empty file is null, which protojson would not take for a message.
	if string(asJSON) != "null" {
		if err := protojson.Unmarshal(asJSON, message); err != nil {
			return refused("decode", err)
		}
	}
	if violations := validate(message); len(violations) > 0 {
		return refused("validate", errors.Join(violations...))
	}
	canonical, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		return refused("decode", err)
	}
	var config any
	if err := json.Unmarshal(canonical, &config); err != nil {
		return refused("decode", err)
	}
	return verdict{Accepted: true, Config: config}
}
