//! The map of the table, as people read it. What is stored is found by it: a changed line moves stored items.

#[test]
fn the_map_of_the_table_is_as_it_was() {
    let lines: Vec<_> = table::keys::map()
        .map(|entry| {
            format!("{:7} {:24} {}\n{:9}{}", entry.whence, entry.name, entry.pattern, "", entry.says.trim())
        })
        .collect();
    insta::assert_snapshot!("key_map", lines.join("\n"));
}
