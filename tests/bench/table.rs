//! The table at the end, and the arithmetic of repeats.

/// Rows of a Markdown table, collected as they are measured.
#[derive(Default)]
pub struct Table(Vec<[String; 4]>);

impl Table {
    /// Adds what was measured for a case, and shows it at once.
    pub fn row(&mut self, case: &str, goal: &str, measured: String, compared: String) {
        eprintln!("{case}: {measured} (to reach: {goal}; compared: {compared})");
        self.0.push([case.into(), goal.into(), measured, compared]);
    }

    /// Formats as Markdown.
    pub fn markdown(&self) -> String {
        let mut text =
            String::from("| case | to reach | metamount | compared |\n|---|---|---|---|\n");
        for row in &self.0 {
            text.push_str(&format!("| {} |\n", row.join(" | ")));
        }
        text
    }
}

/// Returns the median.
pub fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}
