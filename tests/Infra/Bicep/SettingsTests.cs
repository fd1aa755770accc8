using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Jobs;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Functions.Upkeep;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Workers;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>The settings of each app against the code that reads them.</summary>
public sealed partial class SettingsTests
{
    private const string Prefix = "Nanodet__";

    public static TheoryData<string, string, string> Apps { get; } = new()
    {
        { "gpu-t4", "split", "coordinator" },
        { "gpu-t4", "split", "worker" },
        { "gpu-a100", "split", "worker" },
        { "cpu", "split", "coordinator" },
        { "cpu", "split", "worker" },
        { "gpu-t4", "single", "all" },
        { "gpu-a100", "single", "all" },
        { "cpu", "single", "all" },
    };

    [Theory]
    [MemberData(nameof(Apps))]
    public async Task Settings_BoundByTheCode_AreValid(string hosting, string topology, string role)
    {
        using var provider = Services(await SettingsAsync(hosting, topology, role));

        provider.GetRequiredService<IStartupValidator>().Validate();
        Assert.Equivalent(new StorageOptions { CreateMissing = false }, provider.GetRequiredService<IOptions<StorageOptions>>().Value, strict: true);
    }

    [Theory]
    [MemberData(nameof(Apps))]
    public async Task Settings_WithOurPrefix_AreOptionsOfTheCode(string hosting, string topology, string role)
    {
        var known = KnownSettings();

        Assert.All(
            (await SettingsAsync(hosting, topology, role)).Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)),
            name => Assert.Contains(name, known));
    }

    [Theory]
    [MemberData(nameof(Apps))]
    public async Task Settings_ThatTriggersName_HaveAValue(string hosting, string topology, string role)
    {
        var settings = await SettingsAsync(hosting, topology, role);

        // Of functions that are off, too: the host reads their triggers all the same.
        Assert.All(
            Setting().Matches(JsonSerializer.Serialize(Metadata())).Select(match => match.Groups["name"].Value).Distinct(),
            name => Assert.NotEmpty(settings[name.Replace(":", "__", StringComparison.Ordinal)]));
    }

    [Theory]
    [MemberData(nameof(Apps))]
    public async Task Settings_OfAnApp_EnableTheFunctionsOfItsRoleAndNoOthers(string hosting, string topology, string role)
    {
        var settings = await SettingsAsync(hosting, topology, role);
        var app = Enum.Parse<AppRole>(role, ignoreCase: true);
        string[] replaced = ["CheckpointUploaded", "FindUploads", "ImageAnnounced", "ImageUploaded"];

        var enabled = Names().Where(name => !settings.ContainsKey($"AzureWebJobs.{name}.Disabled"));

        Assert.Equal(Names().Where(name => RoleFunctions.Runs(app, name) && !replaced.Contains(name)).Order(), enabled.Order());
        var off = settings.Where(setting => Disabled().IsMatch(setting.Key)).ToArray();
        Assert.All(off, setting => Assert.Equal("true", setting.Value));
        Assert.Empty(off.Select(setting => Disabled().Match(setting.Key).Groups["name"].Value).Except(Names()));
        await new RoleCheck(new AppIdentity(app), new FunctionSwitches(Configuration(settings)))
            .StartAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void FunctionsJson_EachFunction_IsTheRolesOfTheCode()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Template.Folder, "functions.json")));
        string[] Of(string role) => [.. document.RootElement.GetProperty(role).EnumerateArray().Select(name => name.GetString()!)];

        Assert.Equal(RoleFunctions.Worker.Order(), Of("worker"));
        Assert.Equal(RoleFunctions.Shared.Order(), Of("all"));
        Assert.Equal(Names().Except(RoleFunctions.Worker).Except(RoleFunctions.Shared).Order(), Of("coordinator"));
    }

    [Fact]
    public async Task Settings_OfTheTwoRoles_ShareTheHubAndNotTheHostId()
    {
        var coordinator = await SettingsAsync("gpu-t4", "split", "coordinator");
        var worker = await SettingsAsync("gpu-t4", "split", "worker");

        Assert.NotEqual(coordinator["AzureFunctionsWebHost__hostid"], worker["AzureFunctionsWebHost__hostid"]);
        Assert.Equal(coordinator["AzureWebJobsStorage__accountName"], worker["AzureWebJobsStorage__accountName"]);
        Assert.DoesNotContain(coordinator.Keys.Concat(worker.Keys), name => name.Contains("durableTask", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("blob", worker["AzureWebJobsSecretStorageType"]);
    }

    [Theory]
    [InlineData("gpu-t4", ExecutionProvider.Cuda, true)]
    [InlineData("gpu-a100", ExecutionProvider.Cuda, true)]
    [InlineData("cpu", ExecutionProvider.Cpu, false)]
    public async Task Worker_OnEachHosting_HasItsProviderAndNoSilentFallback(string hosting, ExecutionProvider provider, bool requireGpu)
    {
        foreach (var (topology, role) in new[] { ("split", "worker"), ("single", "all") })
        {
            using var services = Services(await SettingsAsync(hosting, topology, role));
            var model = services.GetRequiredService<IOptions<WarmModelOptions>>().Value;

            Assert.Equal((provider, requireGpu, WarmModelSource.Pointer), (model.Provider, model.RequireGpu, model.Source));
        }
    }

    [Fact]
    public async Task Waits_OfAWorkerFromZero_AreLongerThanItsStart()
    {
        using var coordinator = Services(await SettingsAsync("gpu-t4", "split", "coordinator"));
        using var worker = Services(await SettingsAsync("gpu-t4", "split", "worker"));

        var ready = worker.GetRequiredService<IOptions<WorkerOptions>>().Value.ReadyWait;

        // A batch that a new worker takes must neither be put back while the model loads, nor be queued again meanwhile.
        Assert.Equal(TimeSpan.FromMinutes(5), ready);
        Assert.True(coordinator.GetRequiredService<IOptions<OrchestrationOptions>>().Value.BatchWait > 2 * ready);
    }

    [Fact]
    public async Task Settings_WithEveryOption_CarryIt()
    {
        var full = await Template.EvaluateFullAsync();
        var coordinator = DeploymentSnapshot.Settings(full.App("coordinator"));

        Assert.Equal("true", coordinator["Nanodet__Nightly__Enabled"]);
        Assert.Equal("cam1/", coordinator["Nanodet__Nightly__Prefix"]);
        Assert.All(full.Apps, app => Assert.Equal("http://collector:4317", DeploymentSnapshot.Settings(app)["OTEL_EXPORTER_OTLP_ENDPOINT"]));
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_ENDPOINT", (await SettingsAsync("cpu", "single", "all")).Keys);
    }

    [Fact]
    public async Task Settings_OfJobEndsAndPrices_AreWhatTheCodeReads()
    {
        var app = (await Template.EvaluateFullAsync()).App("coordinator");
        var settings = new Dictionary<string, string>(DeploymentSnapshot.Settings(app));
        Assert.Contains("Microsoft.EventGrid/topics", settings["Nanodet__JobEnd__TopicEndpoint"], StringComparison.Ordinal);

        // What only Azure knows.
        settings["Nanodet__JobEnd__TopicEndpoint"] = "https://ends.example/api/events";
        settings[Assert.Single(DeploymentSnapshot.References(app)).Key] = "0123456789abcdef";
        using var services = Services(settings);
        services.GetRequiredService<IStartupValidator>().Validate();

        var ends = services.GetRequiredService<IOptions<JobEndOptions>>().Value;
        Assert.Equal(("https://hooks.example.com/ends", "0123456789abcdef"), (ends.Webhook, ends.WebhookSecret));
        Assert.Equal(["hooks.example.com", "other.example.com:8443"], ends.WebhookHosts);
        var jobs = services.GetRequiredService<IOptions<JobOptions>>().Value;
        Assert.Equal((0.0864, 0.36, "EUR"), (jobs.PricePerProcessorHour, jobs.PricePerGpuHour, jobs.Currency));
    }

    /// <summary>The worker neither announces jobs nor reads the vault.</summary>
    [Fact]
    public async Task Settings_OfTheWorker_HaveNothingOfJobEnds()
    {
        var worker = (await Template.EvaluateFullAsync()).App("worker");

        Assert.DoesNotContain(DeploymentSnapshot.Settings(worker).Keys, name => name.StartsWith("Nanodet__JobEnd__", StringComparison.Ordinal));
        Assert.Empty(DeploymentSnapshot.References(worker));
    }

    private static async Task<IReadOnlyDictionary<string, string>> SettingsAsync(string hosting, string topology, string role) =>
        DeploymentSnapshot.Settings((await Template.EvaluateAsync(hosting, topology)).App(role));

    private static IConfigurationRoot Configuration(IReadOnlyDictionary<string, string> settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting =>
            KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)))
        .Build();

    /// <summary>The registrations of the app's own start, as far as they read settings.</summary>
    private static ServiceProvider Services(IReadOnlyDictionary<string, string> settings)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(Configuration(settings));
        if (settings["Nanodet__Role"] != "worker")
        {
            services.AddNanodetCoordinator();
            services.AddOptions<OrchestrationOptions>()
                .BindConfiguration(OrchestrationOptions.Section).ValidateDataAnnotations().ValidateOnStart();
            services.AddOptions<HistoryOptions>().BindConfiguration(HistoryOptions.Section).ValidateDataAnnotations().ValidateOnStart();
            services.AddOptions<NightlyOptions>().BindConfiguration(NightlyOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        }

        if (settings["Nanodet__Role"] != "coordinator")
        {
            services.AddNanodetWorker();
        }

        return services.BuildServiceProvider();
    }

    private static HashSet<string> KnownSettings()
    {
        var types = typeof(StorageOptions).Assembly.GetTypes().Concat(typeof(NightlyOptions).Assembly.GetTypes()).Concat(typeof(DetectorOptions).Assembly.GetTypes())
            .Select(type => (Type: type, Section: type == typeof(DetectorOptions) ? PipelineServices.DetectorSection : Section(type)))
            .Where(type => type.Section is not null);
        var known = types.SelectMany(type => type.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite).Select(property => $"{type.Section}:{property.Name}"));

        // The role and the schedules have no options: the host or a trigger reads them.
        return [.. known.Concat(["Nanodet:Role", "Nanodet:History:Schedule", "Nanodet:Nightly:Schedule", "Nanodet:Reconcile:Schedule"])
            .Select(name => name.Replace(":", "__", StringComparison.Ordinal))];
    }

    private static string? Section(Type type) =>
        type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true } field
            ? (string?)field.GetRawConstantValue()
            : null;

    private static IEnumerable<string> Names() => Metadata().Select(function => function.GetProperty("name").GetString()!);

    /// <summary>The functions as the build of the app describes them to the host.</summary>
    private static JsonElement[] Metadata()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        using var document = JsonDocument.Parse(
            File.ReadAllText(Repository.PathOf("src", "Functions", "bin", output.Parent!.Name, output.Name, "functions.metadata")));
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    [GeneratedRegex("%(?<name>[A-Za-z:]+)%")]
    private static partial Regex Setting();

    [GeneratedRegex(@"^AzureWebJobs\.(?<name>\w+)\.Disabled$")]
    private static partial Regex Disabled();
}
