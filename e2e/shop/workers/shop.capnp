using Workerd = import "/workerd/workerd.capnp";

# `main.ts` bundles the worker in two modules into .cache/, gives the address, the variables, and the folder
# of the Durable Objects.
const onDisk :Workerd.Config = (
  services = [(name = "shop", worker = .shopOnDisk), (name = "store", disk = (writable = true)), .internet],
  sockets = .sockets,
);

# Where Durable Objects are not what keeps the payments.
const inMemory :Workerd.Config = (
  services = [(name = "shop", worker = .shopInMemory), .internet],
  sockets = .sockets,
);

# Facilitators of a test listen on this machine, which workers may not reach unless told.
const internet :Workerd.Service =
  (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)));

const sockets :List(Workerd.Socket) = [(name = "http", address = "127.0.0.1:0", http = (), service = "shop")];

const shopOnDisk :Workerd.Worker = (
  modules = .modules,
  compatibilityDate = .compatibilityDate,
  bindings = .bindings,
  durableObjectNamespaces = .namespaces,
  durableObjectStorage = (localDisk = "store"),
);

const shopInMemory :Workerd.Worker = (
  modules = .modules,
  compatibilityDate = .compatibilityDate,
  bindings = .bindings,
  durableObjectNamespaces = .namespaces,
  durableObjectStorage = (inMemory = void),
);

const compatibilityDate :Text = "2026-11-01";

const modules :List(Workerd.Worker.Module) = [
  (name = "worker", esModule = embed ".cache/worker.js"),
  (name = "servers.js", esModule = embed ".cache/servers.js"),
];

const namespaces :List(Workerd.Worker.DurableObjectNamespace) =
  [(className = "PaymentLedger", uniqueKey = "payment-ledger", enableSql = true)];

const bindings :List(Workerd.Worker.Binding) = [
  (name = "FACILITATOR_URL", fromEnvironment = "FACILITATOR_URL"),
  (name = "PAY_TO", fromEnvironment = "PAY_TO"),
  (name = "NETWORK", fromEnvironment = "NETWORK"),
  (name = "ASSET", fromEnvironment = "ASSET"),
  (name = "ASSET_NAME", fromEnvironment = "ASSET_NAME"),
  (name = "ASSET_VERSION", fromEnvironment = "ASSET_VERSION"),
  (name = "ASSET_DECIMALS", fromEnvironment = "ASSET_DECIMALS"),
  (name = "ORIGIN", fromEnvironment = "ORIGIN"),
  (name = "FACILITATOR_TIMEOUT_MS", fromEnvironment = "FACILITATOR_TIMEOUT_MS"),
  (name = "STORE", fromEnvironment = "STORE"),
  (name = "EVM_RPC_URL", fromEnvironment = "EVM_RPC_URL"),
  (name = "LEDGER", durableObjectNamespace = "PaymentLedger"),
];
