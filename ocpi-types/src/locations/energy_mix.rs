//! Where energy comes from.

use crate::model::{object, open_enum};
use crate::{Context, Decimal, Rule, Text};

object! {
    /// Where the energy of a location or tariff comes from.
    ///
    /// Spec: mod_locations, "EnergyMix class".
    EnergyMix("EnergyMix", "mod_locations", EnergyMixBuilder, rules = mix_rules) {
        /// Whether all of it is renewable: no carbon dioxide, no nuclear waste.
        is_green_energy: 1 bool,
        /// The sources, whose percentages add up to 100.
        energy_sources: * EnergySource,
        /// What is emitted.
        environ_impact: * EnvironmentalImpact,
        /// Name of the supplier, at most 64 characters.
        supplier_name: ? Text<64>,
        /// Name of the supplier's product, at most 64 characters.
        energy_product_name: ? Text<64>,
    }
}

fn mix_rules(mix: &EnergyMix, cx: &mut Context) {
    // LOC-129.
    let total = mix.energy_sources.iter().try_fold(Decimal::ZERO, |sum, source| sum.checked_add(source.percentage));
    let adds_up = total.is_some_and(|total| (total - Decimal::ONE_HUNDRED).abs() <= Decimal::ONE);
    if !mix.energy_sources.is_empty() && !adds_up {
        cx.found_at("EnergyMix", "energy_sources", Rule::Suspicious, "the percentages do not add up to 100");
    }
    // LOC-128.
    let green = mix.energy_sources.iter().all(|source| source.percentage.is_zero() || source.source.is_renewable());
    if mix.is_green_energy && !green {
        cx.found_at("EnergyMix", "is_green_energy", Rule::Suspicious, "not all of the sources are renewable");
    }
}

object! {
    /// A source's share of the energy.
    ///
    /// Spec: mod_locations, "EnergySource class".
    EnergySource("EnergySource", "mod_locations", EnergySourceBuilder, rules = source_rules) {
        /// The source.
        source: 1 EnergySourceCategory,
        /// Its share in percent, 0 to 100.
        percentage: 1 Decimal,
    }
}

fn source_rules(source: &EnergySource, cx: &mut Context) {
    // LOC-130.
    if source.percentage < Decimal::ZERO || source.percentage > Decimal::ONE_HUNDRED {
        cx.found_at("EnergySource", "percentage", Rule::Range, "not between 0 and 100");
    }
}

open_enum! {
    /// A kind of power plant.
    ///
    /// Spec: mod_locations, "EnergySourceCategory enum".
    EnergySourceCategory("EnergySourceCategory", "mod_locations") {
        /// Nuclear power.
        Nuclear = "NUCLEAR",
        /// Any fossil source.
        GeneralFossil = "GENERAL_FOSSIL",
        /// Coal.
        Coal = "COAL",
        /// Gas.
        Gas = "GAS",
        /// Any renewable source.
        GeneralGreen = "GENERAL_GREEN",
        /// Sun.
        Solar = "SOLAR",
        /// Wind.
        Wind = "WIND",
        /// Water.
        Water = "WATER",
    }
}

impl EnergySourceCategory {
    /// Whether the source is a renewable one. What the spec does not list counts as renewable: nobody knows better.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        !matches!(self, Self::Nuclear | Self::GeneralFossil | Self::Coal | Self::Gas)
    }
}

object! {
    /// What is emitted for each kWh.
    ///
    /// Spec: mod_locations, "EnvironmentalImpact class".
    EnvironmentalImpact("EnvironmentalImpact", "mod_locations", EnvironmentalImpactBuilder) {
        /// What it is.
        category: 1 EnvironmentalImpactCategory,
        /// How much of it, in g/kWh.
        amount: 1 Decimal,
    }
}

open_enum! {
    /// Something that power plants emit.
    ///
    /// Spec: mod_locations, "EnvironmentalImpactCategory enum".
    EnvironmentalImpactCategory("EnvironmentalImpactCategory", "mod_locations") {
        /// Nuclear waste.
        NuclearWaste = "NUCLEAR_WASTE",
        /// Carbon dioxide.
        CarbonDioxide = "CARBON_DIOXIDE",
    }
}
