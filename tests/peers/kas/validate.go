package main

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// validate gives everything that validation refuses in a decoded configuration of the newest release.
//
// Source: pkg/agentcfg/agentcfg.pb.validate.go of the agent up to 16.6, less the sections that are gone, and with
// what GitLab documents since: `user_access.access_as` may be left out from 18.3 on. That `container_scanning` needs a
// `cadence` is known up to 16.6 only and is not asked for here.
func validate(configuration protoreflect.Message) []error {
	v := &validation{}
	if ci := sub(configuration, "ci_access"); ci != nil {
		for _, kind := range []string{"projects", "groups"} {
			v.each(ci, "ci_access", kind, func(path string, entry protoreflect.Message) {
				v.notEmpty(path, entry, "id")
				v.ciEntry(path, entry)
			})
		}
		if instance := sub(ci, "instance"); instance != nil {
			v.ciEntry("ci_access.instance", instance)
		}
	}
	if user := sub(configuration, "user_access"); user != nil {
		for _, kind := range []string{"projects", "groups"} {
			v.each(user, "user_access", kind, func(path string, entry protoreflect.Message) {
				v.notEmpty(path, entry, "id")
			})
		}
		if as := sub(user, "access_as"); as != nil {
			v.oneMember("user_access.access_as", as)
		}
	}
	return v.violations
}

type validation struct {
	violations []error
}

func (v *validation) ciEntry(path string, entry protoreflect.Message) {
	v.noneEmpty(path, entry, "environments")
	as := sub(entry, "access_as")
	if as == nil {
		return
	}
	path += ".access_as"
	v.oneMember(path, as)
	impersonate := sub(as, "impersonate")
	if impersonate == nil {
		return
	}
	path += ".impersonate"
	v.notEmpty(path, impersonate, "username")
	v.noneEmpty(path, impersonate, "groups")
	v.each(impersonate, path, "extra", func(path string, extra protoreflect.Message) {
		v.notEmpty(path, extra, "key")
		if list(extra, "val").Len() == 0 {
			v.add(path+".val", "must have an item")
		}
		v.noneEmpty(path, extra, "val")
	})
}

func (v *validation) add(path, what string) {
	v.violations = append(v.violations, fmt.Errorf("%s: %s", path, what))
}

func (v *validation) notEmpty(path string, message protoreflect.Message, name protoreflect.Name) {
	if message.Get(field(message, name)).String() == "" {
		v.add(fmt.Sprintf("%s.%s", path, name), "must not be empty")
	}
}

func (v *validation) noneEmpty(path string, message protoreflect.Message, name protoreflect.Name) {
	texts := list(message, name)
	for i := range texts.Len() {
		if texts.Get(i).String() == "" {
			v.add(fmt.Sprintf("%s.%s[%d]", path, name, i), "must not be empty")
		}
	}
}

func (v *validation) oneMember(path string, message protoreflect.Message) {
	if message.WhichOneof(message.Descriptor().Oneofs().Get(0)) == nil {
		v.add(path, "a member must be set")
	}
}

func (v *validation) each(message protoreflect.Message, path, name string, do func(string, protoreflect.Message)) {
	entries := list(message, protoreflect.Name(name))
	for i := range entries.Len() {
		do(fmt.Sprintf("%s.%s[%d]", path, name, i), entries.Get(i).Message())
	}
}

func field(message protoreflect.Message, name protoreflect.Name) protoreflect.FieldDescriptor {
	field := message.Descriptor().Fields().ByName(name)
	if field == nil {
		panic(fmt.Sprintf("validation knows `%s`, and the table of keys does not", name))
	}
	return field
}

func list(message protoreflect.Message, name protoreflect.Name) protoreflect.List {
	return message.Get(field(message, name)).List()
}

// sub gives the message that a field holds, nil if it is not set.
func sub(message protoreflect.Message, name protoreflect.Name) protoreflect.Message {
	field := field(message, name)
	if !message.Has(field) {
		return nil
	}
	return message.Get(field).Message()
}
