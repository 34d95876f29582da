//! What `template.yaml` says of throttles and memory.

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The default of a parameter.
pub(crate) fn default(parameter: &str) -> f64 {
    let block = block(parameter);
    let line = block
        .lines()
        .find_map(|line| line.strip_prefix("    Default: "));
    let value = line.and_then(|value| value.parse().ok());
    value.unwrap_or_else(|| panic!("{parameter} has no number as its default"))
}

/// The MB of a function.
pub(crate) fn memory(function: &str) -> f64 {
    let is_hashing = block(function).contains("MemorySize: !Ref HashingMemory");
    default(if is_hashing {
        "HashingMemory"
    } else {
        "OtherMemory"
    })
}

/// How many resources there are of a type.
pub(crate) fn number_of(kind: &str) -> usize {
    let line = format!("    Type: {kind}");
    TEMPLATE.lines().filter(|own| **own == *line).count()
}

/// The lines of a parameter or a resource.
fn block(name: &str) -> String {
    let lines = TEMPLATE
        .lines()
        .skip_while(|line| *line != format!("  {name}:"));
    let lines = lines
        .skip(1)
        .take_while(|line| line.starts_with("    ") || line.is_empty());
    let block: Vec<&str> = lines.collect();
    assert!(!block.is_empty(), "template.yaml has no {name}");
    block.join("\n")
}
