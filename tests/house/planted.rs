//! A sound little house, and each fault planted in it: the fault is found where it stands, its harmless twin is none.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::named_paths::missing;
use crate::rooms::check;

const CONTRIBUTING: &str = "\
# The house

| floor | module | knows |
|---|---|---|
| 1 | `src/cellar.rs`, `src/ground.rs` | `stones` |
| 2 | `src/kitchen/`, `src/parlour.rs` | pots; guests |
| 3 | `src/roof.rs` | weather |

`src/elsewhere.rs` is prose.
";

/// A house without a fault. Nobody uses the cellar, so what it uses makes no cycle.
const HOUSE: [(&str, &str); 8] = [
    ("src/lib.rs", "pub mod cellar;\npub mod ground;\npub mod kitchen;\npub mod parlour;\npub mod roof;\n"),
    ("src/main.rs", "fn main() { kaslint::roof::lay(); }\n"),
    ("src/cellar.rs", "pub struct Barrel;\n"),
    ("src/ground.rs", "pub struct Stone;\n"),
    ("src/kitchen/mod.rs", "mod stove;\npub use stove::Stove;\n"),
    ("src/kitchen/stove.rs", "use crate::ground::Stone;\npub struct Stove(Stone);\n"),
    ("src/parlour.rs", "pub struct Guest;\n"),
    ("src/roof.rs", "pub struct Tile;\npub fn lay() {}\n"),
];

/// Texts that take the place of those of the house, or stand beside them.
type Changed<'c> = [(&'c str, &'c str)];

fn house(changed: &Changed) -> BTreeMap<String, String> {
    HOUSE.iter().chain(changed).map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

fn shown(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{}:{}: {}", fault.file, fault.line, fault.what)).collect()
}

#[track_caller]
fn assert_faults(changed: &Changed, expected: &[&str]) {
    assert_eq!(shown(&check(&house(changed), CONTRIBUTING)), expected);
}

#[track_caller]
fn assert_sound(changed: &Changed) {
    assert_faults(changed, &[]);
}

/// A text that uses the kitchen is a fault of the cellar at these lines, by these paths, and none of the roof.
#[track_caller]
fn assert_upward(text: &str, places: &[(usize, &str)]) {
    let expected: Vec<String> = places
        .iter()
        .map(|(line, path)| format!("src/cellar.rs:{line}: `cellar` (floor 1) uses `kitchen` (floor 2) by `{path}`"))
        .collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    assert_faults(&[("src/cellar.rs", text)], &expected);
    assert_sound(&[("src/roof.rs", text)]);
}

/// A text in the cellar uses no room but its own: all others but the ground are above.
#[track_caller]
fn assert_no_arrow(text: &str) {
    assert_sound(&[("src/cellar.rs", text)]);
}

#[test]
fn the_house_is_sound() {
    assert_sound(&[]);
}

#[test]
fn a_fault_says_where_what_and_what_to_do() {
    let changed = [("src/cellar.rs", "\nuse crate::roof::Tile;\n"), ("src/roof.rs", "use crate::cellar::Barrel;\n")];
    let faults: Vec<String> = check(&house(&changed), CONTRIBUTING).iter().map(Fault::to_string).collect();
    assert_eq!(
        faults,
        [
            "src/cellar.rs:2: `cellar` (floor 1) uses `roof` (floor 3) by `crate::roof::Tile`: move what it needs down, or \
             let the room above hand it in",
            "src/cellar.rs:2: `cellar` → `roof` → `cellar` is a cycle (`cellar` uses `roof` by `crate::roof::Tile` at \
             src/cellar.rs:2, `roof` uses `cellar` by `crate::cellar::Barrel` at src/roof.rs:1): turn an arrow round, or \
             move what both need to a room below",
        ]
    );
}

// Arrows that run upwards, by every form of a path.

#[test]
fn upward_by_use() {
    assert_upward("pub struct Barrel;\nuse crate::kitchen::Stove;\n", &[(2, "crate::kitchen::Stove")]);
    // What comes by the module that was imported comes by that arrow.
    assert_upward("use crate::kitchen;\nfn f() { kitchen::boil(); }\n", &[(1, "crate::kitchen")]);
    assert_upward("use crate::kitchen::Stove as _;\n", &[(1, "crate::kitchen::Stove")]);
    // Twice on a line is one fault.
    let text = "fn f(a: crate::kitchen::Stove, b: crate::kitchen::Stove) {}\n";
    assert_upward(text, &[(1, "crate::kitchen::Stove")]);
    assert_upward("\n\nuse crate::r#kitchen::r#Stove;\n", &[(3, "crate::kitchen::Stove")]);
}

#[test]
fn upward_by_super() {
    assert_upward("use super::kitchen::Stove;\n", &[(1, "super::kitchen::Stove")]);
    assert_upward("use self::super::kitchen::Stove;\n", &[(1, "self::super::kitchen::Stove")]);
    let fault = "src/kitchen/mod.rs:1: `kitchen` (floor 2) uses `roof` (floor 3) by `super::roof::Tile`";
    assert_faults(&[("src/kitchen/mod.rs", "use super::roof::Tile;\n")], &[fault]);
    assert_sound(&[("src/kitchen/mod.rs", "use super::ground::Stone;\n")]);
}

#[test]
fn upward_by_super_of_super() {
    let text = "\nuse super::super::kitchen::Stove;\n";
    let fault = "src/cellar/shelf.rs:2: `cellar` (floor 1) uses `kitchen` (floor 2) by `super::super::kitchen::Stove`";
    assert_faults(&[("src/cellar/shelf.rs", text)], &[fault]);
    assert_sound(&[("src/roof/shelf.rs", text)]);
    // From one module further down, the same path stays in the room.
    assert_sound(&[("src/cellar/shelf/jar.rs", text)]);
}

#[test]
fn upward_in_nested_braces() {
    let text = "use crate::{\n    ground::Stone,\n    kitchen::{\n        self,\n        Stove as Oven,\n    },\n};\n";
    assert_upward(text, &[(4, "crate::kitchen"), (5, "crate::kitchen::Stove")]);
    assert_upward("use {std::fmt, super::{\nkitchen::*}};\n", &[(2, "super::kitchen::*")]);
}

#[test]
fn upward_by_a_glob() {
    assert_upward("\n\nuse crate::kitchen::*;\n", &[(3, "crate::kitchen::*")]);
}

#[test]
fn upward_in_a_macro() {
    assert_upward(
        "macro_rules! stove {\n    ($name:ident) => {\n        $crate::kitchen::$name\n    };\n}\n",
        &[(3, "crate::kitchen::$…")],
    );
    assert_upward(
        "macro_rules! stove {\n    () => {\n        use $crate::kitchen::Stove;\n    };\n}\n",
        &[(3, "crate::kitchen::Stove")],
    );
    assert_upward("stove! {\n    x: [crate::kitchen::Stove],\n}\n", &[(2, "crate::kitchen::Stove")]);
    assert_upward(
        "fn f() {\n    assert!(vec![crate::kitchen::Stove::new()].is_empty());\n}\n",
        &[(2, "crate::kitchen::Stove::new")],
    );
}

#[test]
fn upward_without_use() {
    assert_upward("fn f() {\n    (0..crate::kitchen::PLATES).count();\n}\n", &[(2, "crate::kitchen::PLATES")]);
    assert_upward("struct Barrel<'a>(&'a super::kitchen::Stove);\n", &[(1, "super::kitchen::Stove")]);
    assert_upward("type X = <crate::kitchen::Stove as Iterator>::Item;\n", &[(1, "crate::kitchen::Stove")]);
    assert_upward("fn f() {\n    Vec::<crate::kitchen::Stove>::new();\n}\n", &[(2, "crate::kitchen::Stove")]);
    assert_upward("fn f() {\n    crate::kitchen::boil::<u8>();\n}\n", &[(2, "crate::kitchen::boil")]);
    assert_upward("fn f() {\n    crate::kitchen::boil!(1);\n}\n", &[(2, "crate::kitchen::boil")]);
}

#[test]
fn upward_in_an_attribute() {
    assert_upward("#[derive(crate::kitchen::Cook)]\nstruct Barrel;\n", &[(1, "crate::kitchen::Cook")]);
    assert_upward("#[serde(with = \"crate::kitchen::text\")]\nstruct Barrel;\n", &[(1, "crate::kitchen::text")]);
}

#[test]
fn upward_in_tests() {
    let text = "#[cfg(test)]\nmod tests {\n    use super::super::kitchen::Stove;\n}\n";
    assert_upward(text, &[(3, "super::super::kitchen::Stove")]);
}

#[test]
fn upward_in_an_inline_module() {
    let text = "mod shelf {\n    mod jar {\n        use super::super::super::kitchen::Stove;\n    }\n}\n";
    assert_upward(text, &[(3, "super::super::super::kitchen::Stove")]);
    assert_no_arrow("mod shelf {\n    mod jar {\n        use super::super::kitchen::Stove;\n    }\n}\n");
    // A macro's modules are modules, whatever their names will be.
    assert_no_arrow(
        "macro_rules! shelf {\n    ($name:ident) => {\n        mod $name { use super::kitchen; }\n    };\n}\n",
    );
}

#[test]
fn upward_in_a_module_of_another_file_name() {
    let fault = "src/cellar_tests.rs:1: `cellar` (floor 1) uses `kitchen` (floor 2) by `super::super::kitchen::Stove`";
    for (file, declaration) in [
        ("src/cellar.rs", "#[cfg(test)]\n#[path = \"cellar_tests.rs\"]\nmod tests;\n"),
        ("src/cellar.rs", "#[path = \"./cellar_tests.rs\"]\n#[cfg(test)]\npub(crate) mod tests;\n"),
        ("src/cellar/mod.rs", "#[path = \"../cellar_tests.rs\"]\nmod tests;\n"),
    ] {
        let files = [(file, declaration), ("src/cellar_tests.rs", "use super::super::kitchen::Stove;\n")];
        assert_faults(&files, &[fault]);
        let files = [(file, declaration), ("src/cellar_tests.rs", "use super::super::ground::Stone;\n")];
        assert_sound(&files);
    }
    // The module behind it lies where its name says.
    let parlour = ("src/parlour.rs", "#[path = \"p.rs\"]\npub mod top;\npub mod bottom;\n");
    let faults = [
        "src/kitchen/mod.rs:1: `kitchen` (floor 2) uses `roof` (floor 3) by `crate::parlour::top::Tile`, through a \
         re-export",
        "src/p.rs:1: `parlour` (floor 2) uses `roof` (floor 3) by `crate::roof::Tile`",
    ];
    let kitchen = ("src/kitchen/mod.rs", "use crate::parlour::top::Tile;\n");
    assert_faults(&[parlour, ("src/p.rs", "pub use crate::roof::Tile;\n"), kitchen], &faults);
    assert_sound(&[parlour, ("src/p.rs", "pub use crate::ground::Tile;\n"), kitchen]);
}

#[test]
fn upward_to_the_root() {
    let cellar = ("src/cellar.rs", "use crate::run;\n");
    let fault = "src/cellar.rs:1: `cellar` (floor 1) uses `src/lib.rs` (above all floors) by `crate::run`";
    assert_faults(&[("src/lib.rs", "pub fn run() {}\n"), cellar], &[fault]);
    let kitchen = ("src/kitchen/mod.rs", "use crate::lay;\n");
    let faults = [
        "src/kitchen/mod.rs:1: `kitchen` (floor 2) uses `roof` (floor 3) by `crate::lay`, through a re-export",
        "src/kitchen/mod.rs:1: `kitchen` (floor 2) uses `src/lib.rs` (above all floors) by `crate::lay`",
    ];
    assert_faults(&[("src/lib.rs", "pub use roof::lay;\npub use kitchen::Stove;\n"), kitchen], &faults);
    let glob = "src/cellar.rs:1: `cellar` (floor 1) uses `src/lib.rs` (above all floors) by `crate::*`";
    assert_faults(&[("src/cellar.rs", "use crate::*;\n")], &[glob]);
    assert_sound(&[("src/main.rs", "use kaslint::roof;\nfn run() {}\nfn main() { crate::run(); roof::lay(); }\n")]);
}

#[test]
fn upward_by_another_name_of_the_root() {
    let text = "use crate as house;\nfn f() {\n    house::kitchen::boil();\n}\n";
    assert_upward(text, &[(3, "house::kitchen::boil")]);
    assert_upward("extern crate self as kaslint;\nuse kaslint::kitchen::Stove;\n", &[(2, "kaslint::kitchen::Stove")]);
}

// Arrows through re-exports.

/// A parlour that passes on what the roof has, and a kitchen that takes it, are two faults; the same with the ground's
/// are none.
#[track_caller]
fn assert_upward_through(parlour: &str, kitchen: &str, (line, path): (usize, &str)) {
    let own = check(&house(&[("src/parlour.rs", parlour)]), CONTRIBUTING);
    let all = check(&house(&[("src/parlour.rs", parlour), ("src/kitchen/mod.rs", kitchen)]), CONTRIBUTING);
    let more: Vec<Fault> = all.into_iter().filter(|fault| !own.contains(fault)).collect();
    let expected = format!(
        "src/kitchen/mod.rs:{line}: `kitchen` (floor 2) uses `roof` (floor 3) by `{path}`, through a re-export"
    );
    assert_eq!(shown(&more), [expected]);
    let down = |text: &str| text.replace("roof", "ground").replace("Tile", "Stone");
    assert_sound(&[("src/parlour.rs", &down(parlour)), ("src/kitchen/mod.rs", &down(kitchen))]);
}

#[test]
fn upward_through_a_re_export() {
    let kitchen = "\nuse crate::parlour::Tile;\n";
    let place = (2, "crate::parlour::Tile");
    for parlour in [
        "pub use crate::roof::Tile;\n",
        "pub(crate) use crate::{roof::{Tile}};\n",
        "pub(super) use super::roof::Tile;\n",
        "pub(in crate) use crate::roof::Tile;\n",
        "macro_rules! open {\n    () => {\n        pub use $crate::roof::Tile;\n    };\n}\n",
        "macro_rules! open {\n    ($vis:vis) => {\n        $vis use crate::roof::Tile;\n    };\n}\n",
        "pub use crate::roof::*;\n",
    ] {
        assert_upward_through(parlour, kitchen, place);
    }
}

#[test]
fn upward_through_a_renamed_re_export() {
    assert_upward_through(
        "pub use crate::roof::Tile as Cover;\n",
        "use crate::parlour::Cover;\n",
        (1, "crate::parlour::Cover"),
    );
}

#[test]
fn upward_through_a_re_exported_module() {
    let parlour = "pub use crate::roof as top;\n";
    assert_upward_through(parlour, "use crate::parlour::top::Tile;\n", (1, "crate::parlour::top::Tile"));
    assert_upward_through(parlour, "use crate::parlour::top::*;\n", (1, "crate::parlour::top::*"));
    // In front of `::` it is the parlour's own module that counts, not the roof's function of the same name.
    let parlour = ("src/parlour.rs", "pub mod top { pub struct Tile; }\npub use crate::roof::top;\n");
    let fault = "src/parlour.rs:2: `parlour` (floor 2) uses `roof` (floor 3) by `crate::roof::top`";
    assert_faults(&[parlour, ("src/kitchen/mod.rs", "use crate::parlour::top::Tile;\n")], &[fault]);
}

#[test]
fn upward_through_one_of_several_things_of_a_name() {
    let parlour = "fn lay() {}\npub use crate::cellar::lay as top;\npub use crate::roof as top;\n";
    let kitchen = "use crate::parlour::top;\n";
    assert_upward_through(parlour, kitchen, (1, "crate::parlour::top"));
    // The roof's own re-exports follow.
    let changed = [("src/parlour.rs", parlour), ("src/roof.rs", "pub use crate::attic::Box;\n"), ("src/attic.rs", "")];
    let table = CONTRIBUTING.replace("`src/roof.rs`", "`src/roof.rs`, `src/attic.rs`");
    let kitchen = ("src/kitchen/mod.rs", "use crate::parlour::top::*;\n");
    let faults = shown(&check(&house(&[changed.as_slice(), &[kitchen]].concat()), &table));
    let fault = "src/kitchen/mod.rs:1: `kitchen` (floor 2) uses `attic` (floor 3) by `crate::parlour::top::*`, through a \
                 re-export";
    assert_eq!(faults[0], fault);
}

#[test]
fn upward_through_a_re_export_of_a_re_export() {
    let parlour = "mod chest {\n    mod drawer {\n        pub use crate::roof::Tile as Cover;\n    }\n    \
                   pub(super) use self::drawer::Cover as Lid;\n}\npub use chest::Lid as Shade;\n";
    assert_upward_through(parlour, "use crate::parlour::Shade;\n", (1, "crate::parlour::Shade"));
    let ground = ("src/ground.rs", "pub use crate::roof::Tile;\n");
    let parlour = ("src/parlour.rs", "pub use crate::ground::Tile as Cover;\n");
    let kitchen = ("src/kitchen/mod.rs", "use crate::parlour::Cover;\n");
    let faults = [
        "src/ground.rs:1: `ground` (floor 1) uses `roof` (floor 3) by `crate::roof::Tile`",
        "src/kitchen/mod.rs:1: `kitchen` (floor 2) uses `roof` (floor 3) by `crate::parlour::Cover`, through a re-export",
        "src/parlour.rs:1: `parlour` (floor 2) uses `roof` (floor 3) by `crate::ground::Tile`, through a re-export",
    ];
    assert_faults(&[ground, parlour, kitchen], &faults);
    assert_sound(&[("src/ground.rs", "pub struct Tile;\n"), parlour, kitchen]);
    let parlour = ("src/parlour.rs", "pub use crate::ground as floor;\n");
    let kitchen = ("src/kitchen/mod.rs", "use crate::parlour::floor::Tile;\n");
    let faults = [
        faults[0],
        "src/kitchen/mod.rs:1: `kitchen` (floor 2) uses `roof` (floor 3) by `crate::parlour::floor::Tile`, through a \
         re-export",
    ];
    assert_faults(&[ground, parlour, kitchen], &faults);
    assert_sound(&[("src/ground.rs", "pub struct Tile;\n"), parlour, kitchen]);
}

#[test]
fn upward_through_a_glob_over_re_exports() {
    assert_upward_through("pub use crate::roof::Tile;\n", "use crate::parlour::*;\n", (1, "crate::parlour::*"));
    // What is private is not brought in.
    let parlour = "src/parlour.rs:1: `parlour` (floor 2) uses `roof` (floor 3) by `crate::roof::Tile`";
    let private = [("src/parlour.rs", "use crate::roof::Tile;\n"), ("src/kitchen/mod.rs", "use crate::parlour::*;\n")];
    assert_faults(&private, &[parlour]);
}

#[test]
fn upward_by_a_module_that_was_imported() {
    let kitchen = "use crate::parlour;\nfn f(tile: parlour::Tile) {}\n";
    assert_upward_through("pub use crate::roof::Tile;\n", kitchen, (2, "parlour::Tile"));
    let kitchen = "use crate::parlour;\nmod tests {\n    use super::*;\n    fn f(tile: parlour::Tile) {}\n}\n";
    assert_upward_through("pub use crate::roof::Tile;\n", kitchen, (4, "parlour::Tile"));
}

#[test]
fn upward_through_a_glob_to_what_only_a_macro_spells_out() {
    let parlour = "pub use crate::roof::*;\n";
    assert_upward_through(parlour, "use crate::parlour::Ladder;\n", (1, "crate::parlour::Ladder"));
    // One inside a function is not the parlour's.
    let parlour = "pub use crate::roof::*;\nfn f() { struct Ladder; }\n";
    assert_upward_through(parlour, "use crate::parlour::Ladder;\n", (1, "crate::parlour::Ladder"));
    // The parlour's own of that name comes first, also if a macro makes it.
    for own in [
        "pub struct Ladder;",
        "pub static mut Ladder: u8 = 0;",
        "pub const fn Ladder() {}",
        "make! { pub struct Ladder; }",
        "macro_rules! make { (x) => { pub struct Ladder; } }",
        "macro_rules! Ladder { () => {} }",
    ] {
        let parlour = format!("pub use crate::roof::*;\n{own}\n");
        let fault = "src/parlour.rs:1: `parlour` (floor 2) uses `roof` (floor 3) by `crate::roof::*`";
        let kitchen = ("src/kitchen/mod.rs", "use crate::parlour::Ladder;\n");
        let roof = ("src/roof.rs", "pub struct Ladder;\npub fn lay() {}\n");
        assert_faults(&[("src/parlour.rs", &parlour), kitchen, roof], &[fault]);
    }
}

#[test]
fn re_exports_in_a_ring_end() {
    let ring = "pub use crate::parlour::Ring;\npub use crate::parlour::*;\n";
    let back = "pub use crate::kitchen::Ring;\npub use crate::kitchen::*;\nuse crate::kitchen::Nothing;\n";
    assert_faults(
        &[("src/kitchen/mod.rs", ring), ("src/parlour.rs", back)],
        &["src/kitchen/mod.rs:1: `kitchen` → `parlour` → `kitchen` is a cycle (`kitchen` uses `parlour` by \
         `crate::parlour::Ring` at src/kitchen/mod.rs:1, `parlour` uses `kitchen` by `crate::kitchen::Ring` at \
         src/parlour.rs:1)"],
    );
}

// Cycles.

#[test]
fn a_cycle_of_two() {
    let kitchen = ("src/kitchen/mod.rs", "\nuse crate::parlour::Guest;\n");
    let parlour = ("src/parlour.rs", "\n\nfn f(stove: crate::kitchen::Stove, other: crate::kitchen::Stove) {}\n");
    assert_faults(
        &[kitchen, parlour],
        &["src/kitchen/mod.rs:2: `kitchen` → `parlour` → `kitchen` is a cycle (`kitchen` uses `parlour` by \
         `crate::parlour::Guest` at src/kitchen/mod.rs:2, `parlour` uses `kitchen` by `crate::kitchen::Stove` at \
         src/parlour.rs:3)"],
    );
    // A room that only uses one of them lies on no cycle.
    let roof = ("src/roof.rs", "use crate::kitchen::Stove;\npub fn lay() {}\n");
    assert_eq!(check(&house(&[kitchen, parlour, roof]), CONTRIBUTING).len(), 1);
    // Either arrow alone is allowed, on one floor.
    assert_sound(&[kitchen]);
    assert_sound(&[parlour]);
}

#[test]
fn a_cycle_of_three() {
    let table = CONTRIBUTING.replace("`src/kitchen/`,", "`src/kitchen/`, `src/attic.rs`,");
    let kitchen = ("src/kitchen/mod.rs", "use crate::parlour::Guest;\n");
    let parlour = ("src/parlour.rs", "use crate::attic::Box;\n");
    let attic = ("src/attic.rs", "\nuse super::kitchen::Stove;\n");
    let faults = check(&house(&[kitchen, parlour, attic]), &table);
    assert_eq!(
        shown(&faults),
        ["src/attic.rs:2: `attic` → `kitchen` → `parlour` → `attic` is a cycle (`attic` uses `kitchen` by \
             `super::kitchen::Stove` at src/attic.rs:2, `kitchen` uses `parlour` by `crate::parlour::Guest` at \
             src/kitchen/mod.rs:1, `parlour` uses `attic` by `crate::attic::Box` at src/parlour.rs:1)"]
    );
    let turned = ("src/parlour.rs", "use crate::ground::Stone;\n");
    assert_eq!(shown(&check(&house(&[kitchen, turned, attic]), &table)), [""; 0]);
}

#[test]
fn each_cycle_is_told() {
    let table = CONTRIBUTING.replace("`src/kitchen/`,", "`src/kitchen/`, `src/attic.rs`,");
    let kitchen = ("src/kitchen/mod.rs", "use crate::{attic::Box, parlour::Guest};\n");
    let parlour = ("src/parlour.rs", "use crate::kitchen::Stove;\n");
    let attic = ("src/attic.rs", "use crate::kitchen::Stove;\n");
    let faults = shown(&check(&house(&[kitchen, parlour, attic]), &table));
    let cycles: Vec<&str> = faults.iter().filter_map(|fault| fault.split(" is a cycle").next()).collect();
    assert_eq!(
        cycles,
        ["src/attic.rs:1: `attic` → `kitchen` → `attic`", "src/kitchen/mod.rs:1: `kitchen` → `parlour` → `kitchen`",]
    );
}

// The table.

#[test]
fn a_room_without_a_row() {
    let unnamed = "the table of CONTRIBUTING.md does not name";
    assert_faults(&[("src/attic.rs", "")], &[&format!("src/attic.rs:1: {unnamed} `attic`")]);
    let folder = [("src/attic/a.rs", ""), ("src/attic/mod.rs", "")];
    assert_faults(&folder, &[&format!("src/attic/a.rs:1: {unnamed} `attic`")]);
    // A room may be a file with a folder beside it.
    assert_sound(&[("src/roof/chimney.rs", "")]);
}

#[test]
fn a_row_without_a_room() {
    let faults = |from: &str, to: &str| shown(&check(&house(&[]), &CONTRIBUTING.replace(from, to)));
    let ghost = faults("`src/roof.rs`", "`src/roof.rs`, `src/attic/`");
    assert_eq!(ghost, ["CONTRIBUTING.md:7: there is no `src/attic/`"]);
    let moved = faults("`src/kitchen/`", "`src/kitchen.rs`");
    assert_eq!(moved, ["CONTRIBUTING.md:6: there is no `src/kitchen.rs`"]);
    let twice = faults("`src/roof.rs`", "`src/roof.rs`, `src/cellar.rs`");
    assert_eq!(twice, ["CONTRIBUTING.md:7: `cellar` has two places"]);
    let inner = faults("`src/roof.rs`", "`src/roof.rs`, `src/kitchen/stove.rs`");
    assert_eq!(inner, ["CONTRIBUTING.md:7: `src/kitchen/stove.rs` is no room"]);
    let root = faults("`src/roof.rs`", "`src/roof.rs`, `src/lib.rs`");
    assert_eq!(root, ["CONTRIBUTING.md:7: `src/lib.rs` is no room"]);
    let floor = faults("| 3 |", "| top |");
    assert_eq!(
        floor,
        [
            "CONTRIBUTING.md:7: the floor `top` is no number",
            "src/roof.rs:1: the table of CONTRIBUTING.md does not name `roof`"
        ]
    );
    let bare = faults("`src/roof.rs`", "roof");
    assert_eq!(bare[0], "CONTRIBUTING.md:7: the row names no room");
    let none = faults("| floor |", "| storey |");
    assert_eq!(none[0], "CONTRIBUTING.md:1: there is no table `| floor | module |` with rows");
}

// Paths that lead nowhere.

#[test]
fn a_path_to_no_room() {
    assert_faults(
        &[("src/roof.rs", "\nuse crate::nothing::Here;\n")],
        &["src/roof.rs:2: `crate::nothing::Here` leads to no room"],
    );
    assert_faults(
        &[("src/roof.rs", "fn f() { super::nothing(); }\n")],
        &["src/roof.rs:1: `super::nothing` leads to no room"],
    );
    assert_faults(
        &[("src/main.rs", "use kaslint::nothing;\n")],
        &["src/main.rs:1: `kaslint::nothing` leads to no room"],
    );
    // What the root itself holds is there, but above.
    let root = ("src/lib.rs", "mod nothing { pub struct Here; }\n");
    assert_faults(
        &[root, ("src/roof.rs", "use crate::nothing::Here;\npub fn lay() {}\n")],
        &["src/roof.rs:1: `roof` (floor 3) uses `src/lib.rs` (above all floors) by `crate::nothing::Here`"],
    );
    assert_sound(&[("src/main.rs", "mod roof { pub fn lay() {} }\nfn main() { crate::roof::lay(); }\n")]);
    assert_sound(&[("src/lib.rs", "#[cfg(test)]\nmod tests { use super::*; fn f() { super::roof::lay(); } }\n")]);
}

#[test]
fn a_path_out_of_the_crate() {
    assert_faults(
        &[("src/roof.rs", "use super::super::ground::Stone;\n")],
        &["src/roof.rs:1: `super::super::ground::Stone` leads out of the crate"],
    );
    assert_sound(&[("src/roof/tile.rs", "use super::super::ground::Stone;\n")]);
}

#[test]
fn a_path_whose_room_a_macro_is_given() {
    let rule =
        |path: &str| format!("macro_rules! take {{\n    ($room:ident) => {{\n        {path}::Thing\n    }};\n}}\n");
    assert_faults(
        &[("src/roof.rs", &rule("$crate::$room"))],
        &["src/roof.rs:3: only the macro's caller knows the room of `crate::$…`"],
    );
    assert_faults(
        &[("src/roof.rs", "macro_rules! m {\n    ($x:ident) => { use crate::{$x}; };\n}\n")],
        &["src/roof.rs:2: only the macro's caller knows the room of `crate::$…`"],
    );
    assert_sound(&[("src/roof.rs", &rule("$crate::ground::$room"))]);
    assert_sound(&[("src/roof.rs", &rule("$room"))]);
}

#[test]
fn a_text_that_is_no_rust() {
    assert_faults(&[("src/roof.rs", "fn f() {\n    g(;\n}\n")], &["src/roof.rs:3: this is no Rust"]);
}

// What is no arrow.

#[test]
fn comments_and_strings_are_no_code() {
    assert_no_arrow("//! [`crate::kitchen::Stove`]\n// use crate::kitchen::Stove;\n/* crate::kitchen::Stove */\n");
    assert_no_arrow("/// See [`crate::kitchen::Stove`].\n#[doc = \"crate::kitchen::Stove\"]\nstruct Barrel;\n");
    assert_no_arrow("const A: &str = \"crate::kitchen::Stove\";\nconst B: &[u8] = b\"crate::kitchen\";\n");
    assert_no_arrow("const A: &str = r#\"use crate::kitchen::Stove; \"crate::kitchen\" \"#;\n");
    assert_no_arrow("const A: char = '\"';\nconst B: &str = \"\\\" crate::kitchen::Stove\";\n");
    assert_upward("const A: &str = r#\"\n\"#; use crate::kitchen::Stove;\n", &[(2, "crate::kitchen::Stove")]);
}

#[test]
fn paths_of_other_crates_and_of_the_own_room_are_no_arrows() {
    assert_no_arrow("use kitchen::Stove;\nuse std::fmt;\nfn f() { kitchen::boil(); ::kitchen::boil(); }\n");
    assert_no_arrow("use ::kitchen::{Stove, pot::*};\nfn f(a: <X as Y>::Z) -> ::kitchen::Stove {}\n");
    assert_no_arrow("use crate as house;\nuse ::house::kitchen::Stove;\nfn f() { ::house::kitchen::boil(); }\n");
    assert_no_arrow("use crate::cellar::Barrel;\npub(in crate::cellar) fn f() -> impl Sized + use<> {}\n");
    assert_no_arrow(
        "mod kitchen { pub struct Stove; }\nuse kitchen::Stove;\nuse self::kitchen as k;\nuse k::Stove as S;\n",
    );
    assert_no_arrow("macro_rules! m { ($kitchen:ident) => { $kitchen::Stove } }\nfn f() { a.kitchen::<u8>(); }\n");
}

#[test]
fn nobody_is_at_fault_for_what_the_own_room_imports() {
    let changed = [
        ("src/cellar.rs", "mod shelf;\nmod jar;\n"),
        ("src/cellar/shelf.rs", "pub(super) use crate::kitchen::Stove;\n"),
        ("src/cellar/jar.rs", "use super::shelf::*;\nuse super::shelf::Stove;\nfn f() { Stove::new(); }\n"),
    ];
    assert_faults(
        &changed,
        &["src/cellar/shelf.rs:1: `cellar` (floor 1) uses `kitchen` (floor 2) by `crate::kitchen::Stove`"],
    );
}

// The paths that a document names.

#[test]
fn a_document_that_names_what_is_not_there() {
    let exists = |path: &str| ["src/roof.rs", "src/kitchen/", ".ci/run"].contains(&path);
    let faults = |text: &str| shown(&missing("CONTRIBUTING.md", text, exists));
    assert_eq!(faults("# A\n\nSee `src/roof.rs`,\n`src/kitchen/` and `.ci/run`.\n"), [""; 0]);
    assert_eq!(faults("# A\n\nSee `src/roof.rs`,\n`src/attic/`.\n"), ["CONTRIBUTING.md:4: there is no `src/attic/`"]);
    assert_eq!(
        faults("`tests/a`\n`docs/b`\n`fixtures/c`\n`schema/d`\n`editors/e`\n`benches/f`\n`.ci/g`\n"),
        [
            "CONTRIBUTING.md:1: there is no `tests/a`",
            "CONTRIBUTING.md:2: there is no `docs/b`",
            "CONTRIBUTING.md:3: there is no `fixtures/c`",
            "CONTRIBUTING.md:4: there is no `schema/d`",
            "CONTRIBUTING.md:5: there is no `editors/e`",
            "CONTRIBUTING.md:6: there is no `benches/f`",
            "CONTRIBUTING.md:7: there is no `.ci/g`",
        ]
    );
}

#[test]
fn patterns_commands_and_blocks_of_a_document_name_nothing() {
    let text = "`src/<name>.rs`, `src/*.rs`, `src/roof.rs --all`, `attic/x`, src/attic.rs\n\n\
                ```text\n`src/attic.rs` ` \n```\n";
    assert_eq!(shown(&missing("CONTRIBUTING.md", text, |_| false)), [""; 0]);
    let after = format!("{text}\n`src/attic.rs`\n");
    assert_eq!(
        shown(&missing("CONTRIBUTING.md", &after, |_| false)),
        ["CONTRIBUTING.md:7: there is no `src/attic.rs`"]
    );
}
