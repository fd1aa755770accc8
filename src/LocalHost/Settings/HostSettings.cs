using System.Collections;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Nanodet.Serverless.LocalHost.Settings;

/// <summary>
/// The settings of one host, from weak to strong: host.json, local.settings.json, the environment, the options. They reach the
/// engines as configuration and the worker as its environment; this process's environment is read and never written.
/// </summary>
internal sealed partial class HostSettings
{
    private const string HostJsonSection = "AzureFunctionsJobHost";

    // With one of these the engines believe that they run in Azure.
    private static readonly string[] NotHere = ["CONTAINER_NAME", "WEBSITE_INSTANCE_ID", "WEBSITE_SKU", "FUNCTIONS_LOGS_MOUNT_PATH"];

    // With one of these the worker's web server would listen somewhere else.
    private static readonly string[] NotInWorker = ["ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "DOTNET_URLS"];

    private HostSettings(IReadOnlyDictionary<string, string> app, IConfiguration configuration, string appDirectory, int port)
    {
        Configuration = configuration;
        WorkerEnvironment = ForWorker(app, appDirectory, port);
    }

    /// <summary>What the engines see.</summary>
    public IConfiguration Configuration { get; }

    /// <summary>The whole environment of the worker process.</summary>
    public IReadOnlyDictionary<string, string> WorkerEnvironment { get; }

    /// <summary>The first part of every HTTP function's path; empty for none.</summary>
    public string RoutePrefix => Configuration[$"{HostJsonSection}:extensions:http:routePrefix"]?.Trim('/') ?? "api";

    /// <summary>host.json's limit on one execution; null when it has none.</summary>
    public TimeSpan? FunctionTimeout =>
        TimeSpan.TryParse(Configuration[$"{HostJsonSection}:functionTimeout"], out var limit) && limit > TimeSpan.Zero ? limit : null;

    /// <exception cref="FunctionHostException">A file cannot be read, or no storage is set.</exception>
    public static HostSettings Load(string appDirectory, FunctionHostOptions options)
    {
        var app = new Dictionary<string, string>(OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        Add(app, ReadValues(appDirectory));
        Add(app, ReadEnvironment());
        Add(app, options.Settings);
        if (options.StorageConnectionString is { } storage)
        {
            app["AzureWebJobsStorage"] = storage;
        }

        app["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        Array.ForEach(NotHere, name => app.Remove(name));

        var engines = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in ReadJson(appDirectory, "host.json").AsEnumerable())
        {
            engines[$"{HostJsonSection}:{key}"] = value;
        }

        foreach (var (name, value) in app)
        {
            engines[ConfigurationKey(name)] = value;
        }

        engines["AzureWebJobsConfigurationSection"] = HostJsonSection;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(engines).Build();
        if (!configuration.GetSection("AzureWebJobsStorage").Exists())
        {
            throw new FunctionHostException(
                "storage_missing", "AzureWebJobsStorage is not set: give StorageConnectionString, or the setting of that name.");
        }

        return new HostSettings(app, configuration, appDirectory, options.Port);
    }

    /// <summary>Puts settings in the place of their names, <c>%NAME%</c>, as the engines do.</summary>
    /// <exception cref="FunctionHostException">A setting is missing.</exception>
    public string Resolve(string text) => SettingName().Replace(text, match => Configuration[match.Groups["name"].Value]
        ?? throw new FunctionHostException(
            "invalid_options", $"The setting '{match.Groups["name"].Value}' is not set; '{text}' needs it."));

    /// <summary>Whether a setting turns the function off, in any of the spellings that Azure accepts.</summary>
    public bool IsDisabled(string function)
    {
        string[] names = [$"AzureWebJobs.{function}.Disabled", $"AzureWebJobs:{function}:Disabled", $"AzureWebJobs_{function}_Disabled"];
        return names.Any(name => Configuration[name]?.ToUpperInvariant() is "TRUE" or "1");
    }

    /// <summary>The name under which the engines keep their state.</summary>
    public string HostId(string? chosen, string workerPath)
    {
        var id = chosen ?? Configuration["AzureFunctionsWebHost:hostid"];
        if (id is null)
        {
            var letters = Path.GetFileNameWithoutExtension(workerPath).ToLowerInvariant()
                .Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-');
            id = string.Join('-', string.Concat(letters).Split('-', StringSplitOptions.RemoveEmptyEntries));
            id = id[..Math.Min(id.Length, 32)].TrimEnd('-');
        }

        return FunctionHostOptions.IsHostId(id)
            ? id
            : throw new FunctionHostException("invalid_options", $"The host id '{id}' is not 1 to 32 lower-case letters, digits, dashes.");
    }

    private static Dictionary<string, string> ForWorker(IReadOnlyDictionary<string, string> app, string appDirectory, int port)
    {
        var environment = new Dictionary<string, string>();
        foreach (var (name, value) in app)
        {
            environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        Array.ForEach(NotInWorker, name => environment.Remove(name));
        environment["FUNCTIONS_APPLICATION_DIRECTORY"] = environment["FUNCTIONS_WORKER_DIRECTORY"] = appDirectory;
        environment.TryAdd("AZURE_FUNCTIONS_ENVIRONMENT", "Development");
        environment.TryAdd("DOTNET_ENVIRONMENT", "Development");

        // Every official host has a name for the app; which port a free one is, is not known before the worker has started.
        environment.TryAdd("WEBSITE_HOSTNAME", port == 0 ? "localhost" : $"localhost:{port}");
        return environment;
    }

    private static IEnumerable<KeyValuePair<string, string>> ReadEnvironment() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? string.Empty));

    private static IEnumerable<KeyValuePair<string, string>> ReadValues(string appDirectory) =>
        ReadJson(appDirectory, "local.settings.json").GetSection("Values").AsEnumerable(makePathsRelative: true)
            .Where(entry => entry.Value is not null).Select(entry => KeyValuePair.Create(entry.Key, entry.Value!));

    private static IConfigurationRoot ReadJson(string appDirectory, string file)
    {
        try
        {
            // The configuration provider would otherwise take the dots of a path for its base, and watch it.
            var path = Path.Combine(appDirectory, file);
            var json = File.Exists(path) ? File.ReadAllBytes(path) : "{}"u8.ToArray();
            return new ConfigurationBuilder().AddJsonStream(new MemoryStream(json)).Build();
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException)
        {
            throw new FunctionHostException(
                "not_a_function_app", $"{file} in '{appDirectory}' cannot be read: {exception.Message}", exception);
        }
    }

    private static void Add(Dictionary<string, string> settings, IEnumerable<KeyValuePair<string, string>> more)
    {
        // One spelling per setting, so that a stronger source replaces a weaker one whichever it uses.
        foreach (var (name, value) in more)
        {
            settings[ConfigurationKey(name)] = value;
        }
    }

    [GeneratedRegex("%(?<name>[^%]+)%")]
    private static partial Regex SettingName();

    private static string ConfigurationKey(string name) => name.Replace("__", ":", StringComparison.Ordinal);
}
