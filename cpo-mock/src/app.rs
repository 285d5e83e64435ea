//! The state of the server, and every route on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use ocpi_http::Clock;
use ocpi_party::app::{common_routes, finish_router, serve_party};
use ocpi_party::{
    DbError, ModuleMount, ObjectTable, Party, PartySetup, Running, StartError, spawn_puller, spawn_pusher,
};
use ocpi_types::{InterfaceRole, ModuleId, Role};
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::charging::Charging;
use crate::station::Simulator;
use crate::{
    Config, CpoInbox, CpoOutbox, Ids, cdrs, charging_profiles, commands, demo, locations, operator, sessions, tariffs,
    tokens,
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// What this server offers to partners.
const MODULES: &[ModuleMount] = &[
    mount(ModuleId::Locations, InterfaceRole::Sender, "/ocpi/2.2.1/cpo/locations"),
    mount(ModuleId::Tariffs, InterfaceRole::Sender, "/ocpi/2.2.1/cpo/tariffs"),
    mount(ModuleId::Sessions, InterfaceRole::Sender, "/ocpi/2.2.1/cpo/sessions"),
    mount(ModuleId::Cdrs, InterfaceRole::Sender, "/ocpi/2.2.1/cpo/cdrs"),
    mount(ModuleId::Tokens, InterfaceRole::Receiver, "/ocpi/2.2.1/cpo/tokens"),
    mount(ModuleId::Commands, InterfaceRole::Receiver, "/ocpi/2.2.1/cpo/commands"),
    mount(ModuleId::Chargingprofiles, InterfaceRole::Receiver, "/ocpi/2.2.1/cpo/chargingprofiles"),
];

/// What partners are told about.
const PUSHED: &[(ModuleId, ObjectTable)] = &[
    (ModuleId::Tariffs, tariffs::store::TABLE),
    (ModuleId::Locations, locations::store::TABLE),
    (ModuleId::Sessions, sessions::store::TABLE),
    (ModuleId::Cdrs, cdrs::store::TABLE),
];

const fn mount(module: ModuleId, role: InterfaceRole, path: &'static str) -> ModuleMount {
    ModuleMount { module, role, path }
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        // Versions, credentials, and the operator's routes for partners.
        .merge(common_routes())
        // Partners read what is ours.
        .routes(routes!(locations::sender::list))
        .routes(routes!(locations::sender::location))
        .routes(routes!(locations::sender::evse))
        .routes(routes!(locations::sender::connector))
        .routes(routes!(tariffs::sender::list))
        .routes(routes!(sessions::sender::list))
        .routes(routes!(cdrs::sender::list))
        // Partners tell us what is theirs, and what they want.
        .routes(routes!(tokens::receiver::get, tokens::receiver::put, tokens::receiver::patch))
        .routes(routes!(commands::receiver::post))
        .routes(routes!(sessions::preferences::put))
        .routes(routes!(
            charging_profiles::receiver::get,
            charging_profiles::receiver::put,
            charging_profiles::receiver::delete
        ))
        // The operator reads and publishes.
        .routes(routes!(operator::objects::locations))
        .routes(routes!(operator::objects::location, operator::locations::put))
        .routes(routes!(operator::evses::put, operator::evses::patch, operator::evses::delete))
        .routes(routes!(operator::evses::put_connector, operator::evses::delete_connector))
        .routes(routes!(operator::homes::read, operator::homes::put))
        .routes(routes!(operator::objects::tariffs))
        .routes(routes!(operator::objects::tariff, operator::tariffs::put, operator::tariffs::delete))
        .routes(routes!(operator::objects::sessions))
        .routes(routes!(operator::objects::session))
        .routes(routes!(operator::objects::cdrs))
        .routes(routes!(operator::objects::cdr))
        .routes(routes!(operator::cdrs::credit))
        .routes(routes!(operator::cdrs::correct))
        .routes(routes!(operator::cdrs::at_partner))
        .routes(routes!(operator::explanations::of_cdr))
        .routes(routes!(operator::objects::tokens))
        .routes(routes!(operator::objects::token))
        .routes(routes!(operator::commands::list))
        .routes(routes!(operator::commands::read))
        .routes(routes!(operator::charging_profiles::list))
        .routes(routes!(operator::charging_profiles::read))
        .routes(routes!(operator::charging_profiles::limit, operator::charging_profiles::lift))
        .routes(routes!(operator::reservations::list))
        .routes(routes!(operator::reservations::read))
        .routes(routes!(operator::reservations::cancel))
        // The hands at the simulated stations.
        .routes(routes!(operator::stations::list))
        .routes(routes!(operator::stations::read))
        .routes(routes!(operator::stations::plug_in))
        .routes(routes!(operator::stations::unplug))
        .routes(routes!(operator::stations::site_limit))
        .routes(routes!(operator::stations::present_card))
        .routes(routes!(operator::stations::temper))
        .routes(routes!(operator::stations::fault))
        .routes(routes!(operator::stations::repair))
}

/// The platform. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct App {
    /// What every party has.
    pub party: Party,
    /// The configuration.
    pub config: Arc<Config>,
    /// The stations.
    pub simulator: Simulator,
    /// Names for new objects.
    pub ids: Ids,
}

impl FromRef<App> for Party {
    fn from_ref(app: &App) -> Self {
        app.party.clone()
    }
}

impl App {
    /// Opens the database and puts everything together. Nothing runs yet.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, StartError> {
        config.check()?;
        let ids = config.seed.map_or_else(Ids::random, Ids::seeded);
        let party = Party::open(PartySetup {
            config: config.party.clone(),
            role: Role::Cpo,
            modules: MODULES,
            pushed: PUSHED,
            migrations: vec![&MIGRATIONS],
            clock: clock.clone(),
            seed: config.seed,
        })
        .await?;
        let charging = Charging::new(party.clone(), ids.clone(), config.currency.clone(), config.allowed_tokens);
        let simulator = Simulator::new(party.db.clone(), clock, config.stations(), Arc::new(charging));
        let app = Self { party, config: Arc::new(config), simulator, ids };
        if app.config.demo_data {
            demo::fill(&app.party).await?;
        }
        Ok(app)
    }

    /// The server as axum takes it.
    pub fn router(&self) -> Router {
        let (routes, _) = routes().split_for_parts();
        finish_router(&self.party, routes, Self::openapi(), self.clone())
    }

    /// The OpenAPI document of all routes.
    #[must_use]
    pub fn openapi() -> OpenApi {
        let (_, api) = routes().split_for_parts();
        crate::docs::complete(api)
    }

    /// What partners are told, for [`ocpi_party::push_due`].
    #[must_use]
    pub fn outbox(&self) -> CpoOutbox {
        CpoOutbox { party: self.party.clone(), stations: self.simulator.clone() }
    }

    /// What partners tell us, for [`ocpi_party::pull_due`].
    #[must_use]
    pub fn inbox(&self) -> CpoInbox {
        CpoInbox { party: self.party.clone() }
    }

    /// Serves on `listener`, and runs the stations, the pusher, the puller and the watch over commands.
    pub async fn start(self, listener: TcpListener) -> Result<Running, StartError> {
        let router = self.router();
        let party = self.party.clone();
        serve_party(&party, router, listener, move |party, shutdown| {
            let stations = (self.simulator.clone(), shutdown.clone());
            let watch = (self.clone(), shutdown.clone());
            let plans = (self.clone(), shutdown.clone());
            vec![
                spawn_pusher(party.clone(), self.outbox(), shutdown.clone()),
                spawn_puller(party.clone(), self.inbox(), shutdown.clone()),
                tokio::spawn(async move { stations.0.run(stations.1.triggered()).await }),
                tokio::spawn(async move { commands::carry::watch(watch.0, watch.1.triggered()).await }),
                tokio::spawn(async move { locations::schedule::watch(plans.0, plans.1.triggered()).await }),
            ]
        })
        .await
    }

    /// Does by hand what the background tasks do by themselves: everything that is due by plan,
    /// at the stations and for commands.
    pub async fn run_due(&self) -> Result<(), DbError> {
        locations::schedule::run_due(self).await?;
        self.simulator.run_due().await?;
        Box::pin(commands::carry::sweep_all(self)).await?;
        charging_profiles::carry::sweep(self).await
    }
}
