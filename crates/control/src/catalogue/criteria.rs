//! The 61 criteria of SOC 2, as ids: facts that every mapping is checked against.

use super::Category;

/// Ids of all criteria, in SOC 2's order.
#[rustfmt::skip]
pub const CRITERIA: [&str; 61] = [
    "CC1.1", "CC1.2", "CC1.3", "CC1.4", "CC1.5",
    "CC2.1", "CC2.2", "CC2.3",
    "CC3.1", "CC3.2", "CC3.3", "CC3.4",
    "CC4.1", "CC4.2",
    "CC5.1", "CC5.2", "CC5.3",
    "CC6.1", "CC6.2", "CC6.3", "CC6.4", "CC6.5", "CC6.6", "CC6.7", "CC6.8",
    "CC7.1", "CC7.2", "CC7.3", "CC7.4", "CC7.5",
    "CC8.1",
    "CC9.1", "CC9.2",
    "A1.1", "A1.2", "A1.3",
    "C1.1", "C1.2",
    "PI1.1", "PI1.2", "PI1.3", "PI1.4", "PI1.5",
    "P1.1", "P2.1", "P3.1", "P3.2", "P4.1", "P4.2", "P4.3", "P5.1", "P5.2",
    "P6.1", "P6.2", "P6.3", "P6.4", "P6.5", "P6.6", "P6.7", "P7.1", "P8.1",
];

/// Returns the category of a criterion, by the letters of its id.
pub fn category_of(id: &str) -> Option<Category> {
    if !CRITERIA.contains(&id) {
        return None;
    }
    Some(match id.trim_end_matches(|letter: char| !letter.is_ascii_alphabetic()) {
        "CC" => Category::Security,
        "A" => Category::Availability,
        "C" => Category::Confidentiality,
        "PI" => Category::ProcessingIntegrity,
        _ => Category::Privacy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_as_many_criteria_as_soc_2_says() {
        let count = |wanted| CRITERIA.iter().filter(|id| category_of(id) == Some(wanted)).count();
        let counts = [
            count(Category::Security),
            count(Category::Availability),
            count(Category::Confidentiality),
            count(Category::ProcessingIntegrity),
            count(Category::Privacy),
        ];
        assert_eq!(counts, [33, 3, 2, 5, 18]);
    }
}
