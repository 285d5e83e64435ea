//! The hands of drivers and fitters at the simulated stations.

use axum::Json;
use axum::extract::{Path, State};
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson};
use ocpi_types::TokenType;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::query::Part;
use crate::App;
use crate::locations::store;
use crate::station::{Car, EvseKey, SimulatorError, StationView, Temper};
use crate::tokens::authorize::Card;

/// A part of the list of stations.
#[derive(Debug, Serialize, ToSchema)]
pub struct StationList {
    /// One entry for each EVSE.
    items: Vec<StationView>,
}

/// The vehicle that is plugged in. What is left out is an ordinary one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlugIn {
    /// The connector; the first one, or the one that was asked for, where it is left out.
    #[schema(example = "1")]
    connector_id: Option<String>,
    /// The battery's capacity, in kWh.
    #[schema(example = 60)]
    battery_kwh: Option<u32>,
    /// How full the battery is, in percent.
    #[schema(example = 40, maximum = 100)]
    soc_percent: Option<u8>,
    /// The most that it takes from alternating current, in kW.
    #[schema(example = 11)]
    max_ac_kw: Option<u32>,
    /// The most that it takes from direct current, in kW.
    #[schema(example = 120)]
    max_dc_kw: Option<u32>,
}

/// A card that is held to the reader.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PresentCard {
    /// What the reader reads: `Token.uid`.
    #[schema(example = "04DE5000000002", min_length = 1, max_length = 36)]
    uid: String,
    /// `RFID`, the default, or `OTHER` for what else a station can read: a key fob, a vehicle's certificate. Tokens of apps are
    /// not held to stations.
    #[serde(default)]
    r#type: CardType,
}

/// What a station can read.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum CardType {
    #[default]
    Rfid,
    Other,
}

impl PresentCard {
    fn card(self) -> Card {
        let token_type = match self.r#type {
            CardType::Rfid => TokenType::Rfid,
            CardType::Other => TokenType::Other,
        };
        Card { uid: self.uid, token_type }
    }
}

/// What breaks.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// In words.
    #[schema(example = "ground fault")]
    fault: Option<String>,
}

/// How a station takes commands.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemperOrder {
    /// `NORMAL` makes an end of it.
    temper: Temper,
}

/// What the site allows.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SiteLimit {
    /// The most that may flow, in W; without it there is no such limit any more.
    #[schema(example = 3000, minimum = 0)]
    watts: Option<u32>,
}

impl From<SimulatorError> for OperatorError {
    fn from(error: SimulatorError) -> Self {
        match error {
            SimulatorError::UnknownEvse => Self::not_found("there is no such EVSE"),
            SimulatorError::Refused(why) => Self::conflict(why),
            SimulatorError::Db(error) => error.into(),
        }
    }
}

/// The EVSEs and what stands at them
///
/// Lists the simulated stations by party, Location and uid, with the car that is plugged in and the charge. People at
/// the keyboard call it to find a free place.
#[utoipa::path(
    get, path = "/operator/v1/stations", tag = "operator: stations", params(Part), security(("operator_key" = [])),
    responses((status = 200, description = "A part of the list", body = StationList), OperatorErrors)
)]
pub async fn list(State(app): State<App>, _: Operator, part: Part) -> Result<Json<StationList>, OperatorError> {
    let location = part.location_id.as_deref();
    let keys = store::places(&app.party.db, part.party.as_ref(), location, part.offset, part.limit).await?;
    let mut items = Vec::with_capacity(keys.len());
    for key in keys {
        items.push(app.simulator.view(&key).await?);
    }
    Ok(Json(StationList { items }))
}

macro_rules! hands {
    ($($(#[$doc:meta])* $name:ident $method:ident $path:literal ($($body:ident: $body_type:ty)?) $act:expr;)*) => { $(
        $(#[$doc])*
        ///
        /// Where several EVSEs have this uid, `?location_id=` and `?party=` tell which is meant.
        #[utoipa::path(
            $method, path = $path, tag = "operator: stations", security(("operator_key" = [])),
            params(("evse_uid" = String, Path, description = "EVSE.uid", example = "SEA001-1"), Part),
            $(request_body = $body_type,)?
            responses((status = 200, description = "The station afterwards", body = StationView), OperatorErrors)
        )]
        pub async fn $name(
            State(app): State<App>,
            _: Operator,
            Path(evse_uid): Path<String>,
            part: Part,
            $(OperatorJson($body): OperatorJson<$body_type>,)?
        ) -> Result<Json<StationView>, OperatorError> {
            let key = find(&app, &evse_uid, &part).await?;
            let act: fn(App, EvseKey $(, $body_type)?) -> Act = $act;
            Ok(Json(act(app, key $(, $body)?).await?))
        }
    )* };
}

type Act = futures_util::future::BoxFuture<'static, Result<StationView, SimulatorError>>;

hands! {
    /// One EVSE and what stands at it
    ///
    /// Shows the state of one simulated station. People at the keyboard call it to see what their last move has done.
    read get "/operator/v1/stations/{evse_uid}" ()
        |app, key| Box::pin(async move { app.simulator.view(&key).await });
    /// Plugs a vehicle in
    ///
    /// Lets a car of your choice arrive and be plugged in; a charge starts if it was asked for before. People at the
    /// keyboard call it in the place of a driver.
    plug_in post "/operator/v1/stations/{evse_uid}/plug-in" (body: PlugIn)
        |app, key, body| Box::pin(async move { app.simulator.plug_in(&key, body.connector_id.clone(), body.car()).await });
    /// Unplugs the vehicle
    ///
    /// Lets the car leave; a charge that is going on ends, and its bill is sent. People at the keyboard call it in
    /// the place of a driver.
    unplug post "/operator/v1/stations/{evse_uid}/unplug" ()
        |app, key| Box::pin(async move { app.simulator.unplug(&key).await });
    /// Holds a card to the reader
    ///
    /// Starts a charge, or ends the one that this card has started; the EMSP is asked where the token says so. People
    /// at the keyboard call it in the place of a driver.
    present_card post "/operator/v1/stations/{evse_uid}/present-card" (body: PresentCard)
        |app, key, body| Box::pin(async move { app.simulator.present_card(&key, &body.card()).await });
    /// Limits the power of the site
    ///
    /// Lets the site's own protection cap what the station may draw, whatever the platform says; without a number the cap is
    /// gone. People at the keyboard call it to see a partner's charging profile overruled.
    site_limit post "/operator/v1/stations/{evse_uid}/site-limit" (body: SiteLimit)
        |app, key, body| Box::pin(async move { app.simulator.limit_site(&key, body.watts.map(i64::from)).await });
    /// Sets how the station takes commands
    ///
    /// Lets the station refuse commands, fail to carry them out or keep silent, until it is set to NORMAL again; cards and cables
    /// work all the while. EMSPs under test call it to see their own platform cope with REJECTED, FAILED and TIMEOUT.
    temper post "/operator/v1/stations/{evse_uid}/temper" (body: TemperOrder)
        |app, key, body| Box::pin(async move { app.simulator.set_temper(&key, body.temper).await });
    /// Breaks the station
    ///
    /// Lets something break: a charge ends, the status becomes OUTOFORDER, and EMSPs are told. People at the keyboard
    /// call it to see what happens then.
    fault post "/operator/v1/stations/{evse_uid}/fault" (body: Fault)
        |app, key, body| Box::pin(async move { app.simulator.break_down(&key, body.text()).await });
    /// Repairs the station
    ///
    /// Lets everything work again, and tells EMSPs. People at the keyboard call it in the place of a fitter.
    repair post "/operator/v1/stations/{evse_uid}/repair" ()
        |app, key| Box::pin(async move { app.simulator.repair(&key).await });
}

impl PlugIn {
    fn car(&self) -> Car {
        let mut car = Car::new(
            i64::from(self.battery_kwh.unwrap_or(60).clamp(1, 2_000)) * 1000,
            i64::from(self.soc_percent.unwrap_or(40)),
        );
        let watts = |kilowatts: u32| i64::from(kilowatts.clamp(1, 5_000)) * 1000;
        car.max_ac_watts = self.max_ac_kw.map_or(car.max_ac_watts, watts);
        car.max_dc_watts = self.max_dc_kw.map_or(car.max_dc_watts, watts);
        car
    }
}

impl Fault {
    fn text(self) -> String {
        self.fault.map_or_else(|| "broken".to_owned(), |text| text.chars().take(200).collect())
    }
}

/// The EVSE that is meant.
async fn find(app: &App, evse_uid: &str, part: &Part) -> Result<EvseKey, OperatorError> {
    let mut places = store::places_of(&app.party.db, evse_uid).await?;
    places.retain(|key| {
        part.party.as_ref().is_none_or(|party| *party == key.owner)
            && part.location_id.as_deref().is_none_or(|location| key.location_id == *location)
    });
    match places.as_slice() {
        [] => Err(OperatorError::not_found(format!("there is no EVSE {evse_uid} here"))
            .what_next("list them with GET /operator/v1/stations")),
        [_] => Ok(places.remove(0)),
        several => {
            let names = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(OperatorError::conflict(format!("several EVSEs have this uid: {names}"))
                .what_next("say which with ?location_id= and ?party="))
        }
    }
}
