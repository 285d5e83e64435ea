//! Sockets and cables.

use crate::model::{object, open_enum};
use crate::{CiString, Context, DateTime, Rule, Url, check};

object! {
    /// A socket or cable of an EVSE.
    ///
    /// Spec: mod_locations, "Connector Object". It has no status of its own: that is the EVSE's.
    Connector("Connector", "mod_locations", ConnectorBuilder, rules = connector_rules) {
        /// Names the connector within its EVSE, at most 36 characters.
        id: 1 CiString<36>,
        /// What kind of plug it is for.
        standard: 1 ConnectorType,
        /// A socket or a cable.
        format: 1 ConnectorFormat,
        /// Alternating current on how many phases, or direct current.
        power_type: 1 PowerType,
        /// The highest voltage in V; with three phases that between line and neutral (230, not 400).
        max_voltage: 1 i64,
        /// The highest current in A.
        max_amperage: 1 i64,
        /// The highest power in W, where it is less than voltage and current allow.
        max_electric_power: ? i64,
        /// The tariffs that apply now, one for each type of tariff at a time. Each id has at most 36 characters.
        tariff_ids: * CiString<36>,
        /// Where the operator's terms and conditions can be read.
        terms_and_conditions: ? Url,
        /// When it changed last.
        last_updated: 1 DateTime,
    }
}

const CLASS: &str = "Connector";

fn connector_rules(connector: &Connector, cx: &mut Context) {
    check::id(&connector.id, CLASS, "id", cx);
    // LOC-110.
    match connector.max_voltage {
        ..=0 => cx.found_at(CLASS, "max_voltage", Rule::Suspicious, "no voltage at all"),
        380..=420 if connector.power_type == PowerType::Ac3Phase => {
            cx.found_at(
                CLASS,
                "max_voltage",
                Rule::Suspicious,
                "looks like line to line; line to neutral is asked for",
            );
        }
        _ => {}
    }
    // LOC-111.
    if connector.max_amperage <= 0 {
        cx.found_at(CLASS, "max_amperage", Rule::Suspicious, "no current at all");
    }
    // LOC-112.
    if connector.max_electric_power.is_some_and(|power| power < 1000) {
        cx.found_at(CLASS, "max_electric_power", Rule::Suspicious, "less than 1000 W: is it in kW?");
    }
}

open_enum! {
    /// Whether a car needs to bring its own cable.
    ///
    /// Spec: mod_locations, "ConnectorFormat enum".
    ConnectorFormat("ConnectorFormat", "mod_locations") {
        /// A socket: the driver brings the cable.
        Socket = "SOCKET",
        /// A fixed cable: the car needs the inlet for it.
        Cable = "CABLE",
    }
}

open_enum! {
    /// Kind of current, and number of phases.
    ///
    /// Spec: mod_locations, "PowerType enum".
    PowerType("PowerType", "mod_locations") {
        /// Alternating current, one phase.
        Ac1Phase = "AC_1_PHASE",
        /// Alternating current, two of the three phases connected.
        Ac2Phase = "AC_2_PHASE",
        /// Alternating current, two phases of a split-phase system.
        Ac2PhaseSplit = "AC_2_PHASE_SPLIT",
        /// Alternating current, three phases.
        Ac3Phase = "AC_3_PHASE",
        /// Direct current.
        Dc = "DC",
    }
}

open_enum! {
    /// What kind of plug fits.
    ///
    /// Spec: mod_locations, "ConnectorType enum".
    ConnectorType("ConnectorType", "mod_locations", misspelt = [
        "IEC_60309_2_SINGLE_16" => Iec603092Single16,
        "IEC_60309_2_THREE_16" => Iec603092Three16,
        "IEC_60309_2_THREE_32" => Iec603092Three32,
        "IEC_60309_2_THREE_64" => Iec603092Three64
    ]) {
        /// CHAdeMO, direct current.
        Chademo = "CHADEMO",
        /// ChaoJi, the successor of CHAdeMO, direct current.
        Chaoji = "CHAOJI",
        /// Household plug, type A: NEMA 1-15, two pins.
        DomesticA = "DOMESTIC_A",
        /// Household plug, type B: NEMA 5-15, three pins.
        DomesticB = "DOMESTIC_B",
        /// Household plug, type C: CEE 7/17, two pins.
        DomesticC = "DOMESTIC_C",
        /// Household plug, type D, three pins.
        DomesticD = "DOMESTIC_D",
        /// Household plug, type E: CEE 7/5, three pins.
        DomesticE = "DOMESTIC_E",
        /// Household plug, type F: CEE 7/4, Schuko, three pins.
        DomesticF = "DOMESTIC_F",
        /// Household plug, type G: BS 1363, three pins.
        DomesticG = "DOMESTIC_G",
        /// Household plug, type H: SI-32, three pins.
        DomesticH = "DOMESTIC_H",
        /// Household plug, type I: AS 3112, three pins.
        DomesticI = "DOMESTIC_I",
        /// Household plug, type J: SEV 1011, three pins.
        DomesticJ = "DOMESTIC_J",
        /// Household plug, type K: DS 60884-2-D1, three pins.
        DomesticK = "DOMESTIC_K",
        /// Household plug, type L: CEI 23-16-VII, three pins.
        DomesticL = "DOMESTIC_L",
        /// Household plug, type M: BS 546, three pins.
        DomesticM = "DOMESTIC_M",
        /// Household plug, type N: NBR 14136, three pins.
        DomesticN = "DOMESTIC_N",
        /// Household plug, type O: TIS 166-2549, three pins.
        DomesticO = "DOMESTIC_O",
        /// GB/T 20234.2, alternating current (China).
        GbtAc = "GBT_AC",
        /// GB/T 20234.3, direct current (China).
        GbtDc = "GBT_DC",
        /// IEC 60309-2 industrial plug, one phase, 16 A (usually blue).
        Iec603092Single16 = "IEC_60309_2_single_16",
        /// IEC 60309-2 industrial plug, three phases, 16 A (usually red).
        Iec603092Three16 = "IEC_60309_2_three_16",
        /// IEC 60309-2 industrial plug, three phases, 32 A (usually red).
        Iec603092Three32 = "IEC_60309_2_three_32",
        /// IEC 60309-2 industrial plug, three phases, 64 A (usually red).
        Iec603092Three64 = "IEC_60309_2_three_64",
        /// IEC 62196 type 1: SAE J1772.
        Iec62196T1 = "IEC_62196_T1",
        /// Combo of type 1: CCS1, direct current.
        Iec62196T1Combo = "IEC_62196_T1_COMBO",
        /// IEC 62196 type 2: Mennekes.
        Iec62196T2 = "IEC_62196_T2",
        /// Combo of type 2: CCS2, direct current.
        Iec62196T2Combo = "IEC_62196_T2_COMBO",
        /// IEC 62196 type 3A.
        Iec62196T3a = "IEC_62196_T3A",
        /// IEC 62196 type 3C: Scame.
        Iec62196T3c = "IEC_62196_T3C",
        /// NEMA 5-20, three pins.
        Nema520 = "NEMA_5_20",
        /// NEMA 6-30, three pins.
        Nema630 = "NEMA_6_30",
        /// NEMA 6-50, three pins.
        Nema650 = "NEMA_6_50",
        /// NEMA 10-30, three pins.
        Nema1030 = "NEMA_10_30",
        /// NEMA 10-50, three pins.
        Nema1050 = "NEMA_10_50",
        /// NEMA 14-30, three pins, 30 A.
        Nema1430 = "NEMA_14_30",
        /// NEMA 14-50, three pins, 50 A.
        Nema1450 = "NEMA_14_50",
        /// A pantograph on the vehicle that rises to the station, mostly for buses.
        PantographBottomUp = "PANTOGRAPH_BOTTOM_UP",
        /// A pantograph of the station that comes down to the vehicle, mostly for buses.
        PantographTopDown = "PANTOGRAPH_TOP_DOWN",
        /// The plug of the Tesla Roadster (round, four pins).
        TeslaR = "TESLA_R",
        /// The plug of the Tesla Model S (oval, five pins).
        TeslaS = "TESLA_S",
    }
}
