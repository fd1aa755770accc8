using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>Where each app runs, how it scales, and when it counts as alive and ready.</summary>
public sealed partial class AppTests
{
    [Theory]
    [InlineData("gpu-t4", "Consumption-GPU-NC8as-T4", 8, "56Gi")]
    [InlineData("gpu-a100", "Consumption-GPU-NC24-A100", 24, "220Gi")]
    public async Task Gpu_OfAHosting_IsTheWorkersAndNobodyElses(string hosting, string type, double cores, string memory)
    {
        var snapshot = await Template.EvaluateAsync(hosting, "split");

        Assert.Equal(["Consumption/Consumption", $"{hosting}/{type}"], Profiles(snapshot));
        Assert.Equal((hosting, cores, memory), Place(snapshot.App("worker")));
        Assert.Equal(("Consumption", 1, "2Gi"), Place(snapshot.App("coordinator")));

        // A consumption GPU profile with these is refused.
        Assert.DoesNotContain("imumCount", Environment(snapshot).ToString(), StringComparison.Ordinal);
        var single = await Template.EvaluateAsync(hosting, "single");
        Assert.Equal((hosting, cores, memory), Place(Assert.Single(single.Apps)));
    }

    [Fact]
    public async Task Cpu_AsHosting_NeedsNoGpuProfile()
    {
        var snapshot = await Template.EvaluateAsync("cpu", "split");

        Assert.Equal(["Consumption/Consumption"], Profiles(snapshot));
        Assert.Equal(("Consumption", 4, "8Gi"), Place(snapshot.App("worker")));
    }

    [Fact]
    public async Task GpuProfileType_OfAnotherKind_IsAParameter() =>
        Assert.Equal(["Consumption/Consumption", "gpu-t4/Consumption-GPU-Other"], Profiles(await Template.EvaluateFirstAsync()));

    [Fact]
    public async Task Worker_ByDefault_ComesFromZeroByItsQueueWithItsIdentity()
    {
        var snapshot = await Template.EvaluateAsync("gpu-t4", "split");
        var worker = snapshot.App("worker");
        var scale = Scale(worker);

        Assert.Equal((0, 3), (scale.GetProperty("minReplicas").GetInt32(), scale.GetProperty("maxReplicas").GetInt32()));
        Assert.Equal(["batches", "requests"], Rules(scale).Keys.Order());
        var queue = Rules(scale)["batches"].GetProperty("azureQueue");
        Assert.Equal(DeploymentSnapshot.Settings(worker)["Nanodet__Storage__BatchQueue"], queue.GetProperty("queueName").GetString());
        Assert.Equal(DeploymentSnapshot.Settings(worker)["AzureWebJobsStorage__accountName"], queue.GetProperty("accountName").GetString());
        Assert.Equal(8, queue.GetProperty("queueLength").GetInt32());
        AssertOwnIdentity(worker, queue);
        Assert.False(queue.TryGetProperty("auth", out _));
    }

    /// <summary>The platform makes the rules of a functionapp itself, and azd cannot write those back at the second deployment.</summary>
    [Fact]
    public async Task Apps_Always_ArePlainAppsOfAStableApi()
    {
        var full = await Template.EvaluateFullAsync();
        foreach (var snapshot in new[] { full, await Template.EvaluateAsync("cpu", "single"), await Template.EvaluateFirstAsync() })
        {
            Assert.All(snapshot.Apps, app =>
            {
                Assert.Equal("containerapps", app.GetProperty("kind").GetString());
                Assert.Equal("2026-01-01", app.GetProperty("apiVersion").GetString());
                Assert.DoesNotContain("allowScalingRuleOverride", app.ToString(), StringComparison.Ordinal);

                // The platform gives such an app no host name, and without one there are no durable clients.
                Assert.Equal("localhost:8080", DeploymentSnapshot.Settings(app)["WEBSITE_HOSTNAME"]);
            });
        }
    }

    /// <summary>
    /// azd deploy reads the app, changes its image and writes it back with an API that does not know the identity of a rule. So the app
    /// that azd deploys has no rule, and the port of its placeholder is the port of the app.
    /// </summary>
    [Theory]
    [InlineData("split")]
    [InlineData("single")]
    public async Task SecondDeployment_OfTheAppThatAzdWrites_FindsNothingToLose(string topology)
    {
        foreach (var snapshot in new[] { await Template.EvaluateAsync("gpu-t4", topology), await Template.EvaluateFirstAsync() })
        {
            var app = snapshot.Apps.Single(app => app.GetProperty("tags").TryGetProperty("azd-service-name", out _));

            Assert.False(Scale(app).TryGetProperty("rules", out _));
            Assert.Equal(DockerfilePort(), Ingress(app).GetProperty("targetPort").GetInt32());
        }
    }

    [Fact]
    public async Task Coordinator_WithAScheduler_ComesFromZeroByWhatItWorksOn()
    {
        var coordinator = (await Template.EvaluateScheduledAsync()).App("coordinator");
        var scale = Scale(coordinator);
        var rules = Rules(scale);
        var settings = DeploymentSnapshot.Settings(coordinator);

        Assert.Equal((0, 1), (scale.GetProperty("minReplicas").GetInt32(), scale.GetProperty("maxReplicas").GetInt32()));
        Assert.Equal(["activity", "events", "images", "orchestration", "requests", "timers"], rules.Keys.Order());
        Assert.All(["events", "images"], queue => AssertOwnIdentity(coordinator, rules[queue].GetProperty("azureQueue")));
        Assert.All(["orchestration", "activity"], kind =>
        {
            var rule = rules[kind].GetProperty("custom");
            AssertOwnIdentity(coordinator, rule);
            Assert.Equal("azure-durabletask-scheduler", rule.GetProperty("type").GetString());
            Assert.Equal(kind, rule.GetProperty("metadata").GetProperty("workItemType").GetString(), ignoreCase: true);
            Assert.Equal(
                settings["AzureFunctionsJobHost__extensions__durableTask__hubName"],
                rule.GetProperty("metadata").GetProperty("taskhubName").GetString());
        });
        Assert.Equal("azureManaged", settings["AzureFunctionsJobHost__extensions__durableTask__storageProvider__type"]);
        var name = settings["AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName"];
        Assert.Contains("Authentication=ManagedIdentity;ClientID=", settings[name], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_WithAScheduler_RaisesItsEventsThere()
    {
        var snapshot = await Template.EvaluateScheduledAsync();
        var coordinator = DeploymentSnapshot.Settings(snapshot.App("coordinator"));
        var worker = DeploymentSnapshot.Settings(snapshot.App("worker"));

        Assert.All(
            coordinator.Where(setting => setting.Key.Contains("durableTask", StringComparison.Ordinal)),
            setting => Assert.Equal(setting.Value, worker[setting.Key]));
        Assert.True(worker.ContainsKey("DURABLE_TASK_SCHEDULER_CONNECTION_STRING"));
        Assert.DoesNotContain(
            DeploymentSnapshot.Settings((await Template.EvaluateFullAsync()).App("worker")).Keys,
            key => key.Contains("DURABLE", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Worker_WithAWarmWindow_IsKeptByTheClock()
    {
        var scale = Scale((await Template.EvaluateFullAsync()).App("worker"));

        Assert.Equal(["batches", "requests", "warm-window"], Rules(scale).Keys.Order());
        Assert.Equal(7, scale.GetProperty("maxReplicas").GetInt32());
        Assert.Equal(5, Rules(scale)["batches"].GetProperty("azureQueue").GetProperty("queueLength").GetInt32());
        var clock = Rules(scale)["warm-window"].GetProperty("custom");
        Assert.Equal("cron", clock.GetProperty("type").GetString());
        Assert.Equal(
            """{"timezone":"Etc/UTC","start":"50 1 * * *","end":"0 5 * * *","desiredReplicas":"2"}""",
            JsonSerializer.Serialize(clock.GetProperty("metadata")));
    }

    [Theory]
    [InlineData("gpu-t4", "split", "coordinator")]
    [InlineData("cpu", "single", "all")]
    public async Task Coordinator_Always_IsThereOnce(string hosting, string topology, string role)
    {
        var app = (await Template.EvaluateAsync(hosting, topology)).App(role);
        var scale = Scale(app);

        Assert.Equal((1, 1), (scale.GetProperty("minReplicas").GetInt32(), scale.GetProperty("maxReplicas").GetInt32()));

        Assert.Equal("app", app.GetProperty("tags").GetProperty("azd-service-name").GetString());
    }

    [Fact]
    public async Task Ingress_OfEachApp_IsThereAndOnlyTheCoordinatorsIsPublic()
    {
        var snapshot = await Template.EvaluateAsync("gpu-t4", "split");

        Assert.True(Ingress(snapshot.App("coordinator")).GetProperty("external").GetBoolean());
        Assert.False(Ingress(snapshot.App("worker")).GetProperty("external").GetBoolean());
        Assert.All(snapshot.Apps, app => Assert.Equal(
            "Single", app.GetProperty("properties").GetProperty("configuration").GetProperty("activeRevisionsMode").GetString()));
    }

    [Theory]
    [InlineData("coordinator")]
    [InlineData("worker")]
    public async Task Probes_OfAnApp_AskTheHostWhetherItLivesAndTheAppWhetherItIsReady(string role)
    {
        var app = (await Template.EvaluateAsync("gpu-t4", "split")).App(role);
        var probes = Container(app).GetProperty("probes").EnumerateArray().ToDictionary(probe => probe.GetProperty("type").GetString()!);

        Assert.Equal(["Liveness", "Readiness", "Startup"], probes.Keys.Order());

        // A revision that waited for a model would leave the old one in its place: on the first day the placeholder, later the image that
        // cannot serve the model.
        Assert.Equal(role == "coordinator" ? "/api/health" : "/admin/host/ping", Path(probes["Readiness"]));

        // A worker whose model is missing or fails its parity fixture is not restarted for it.
        Assert.Equal("/admin/host/ping", Path(probes["Liveness"]));
        Assert.Equal("/admin/host/ping", Path(probes["Startup"]));
        Assert.All(probes.Values, probe =>
        {
            // What the platform takes.
            Assert.InRange(probe.GetProperty("failureThreshold").GetInt32(), 1, 10);
            Assert.InRange(probe.GetProperty("periodSeconds").GetInt32(), 1, 240);
            Assert.InRange(probe.GetProperty("timeoutSeconds").GetInt32(), 1, 240);
            Assert.Equal(DockerfilePort(), probe.GetProperty("httpGet").GetProperty("port").GetInt32());
        });
        Assert.Equal(DockerfilePort(), Ingress(app).GetProperty("targetPort").GetInt32());
        Assert.InRange(app.GetProperty("properties").GetProperty("template").GetProperty("terminationGracePeriodSeconds").GetInt32(), 30, 600);
    }

    [Fact]
    public async Task Apps_BeforeTheFirstDeployment_RunAPlaceholderThatNeedsNothing()
    {
        var snapshot = await Template.EvaluateFirstAsync();

        Assert.All(snapshot.Apps, app =>
        {
            // Listens on 8080, like the app; https://learn.microsoft.com/dotnet/core/compatibility/containers/8.0/aspnet-port.
            Assert.Equal("mcr.microsoft.com/dotnet/samples:aspnetapp", Container(app).GetProperty("image").GetString());
            Assert.Equal(8080, Ingress(app).GetProperty("targetPort").GetInt32());
            Assert.Empty(Container(app).GetProperty("probes").EnumerateArray());
            Assert.Equal("Consumption", Place(app).Profile);
            Assert.False(Scale(app).TryGetProperty("rules", out _));
            Assert.Equal((0, 1), (Scale(app).GetProperty("minReplicas").GetInt32(), Scale(app).GetProperty("maxReplicas").GetInt32()));
            Assert.Single(app.GetProperty("properties").GetProperty("configuration").GetProperty("registries").EnumerateArray());
        });
    }

    [Fact]
    public async Task Apps_OfOneDeployment_RunOneImage()
    {
        var images = (await Template.EvaluateAsync("gpu-t4", "split")).Apps.Select(app => Container(app).GetProperty("image").GetString());

        Assert.Equal(["registry.example/nanodet:1", "registry.example/nanodet:1"], images);
    }

    [Fact]
    public async Task SignIn_Asked_IsBeforeTheCoordinatorAndLeavesItsHealthOpen()
    {
        var full = await Template.EvaluateFullAsync();
        var signIn = full.OfType("Microsoft.App/containerApps/authConfigs").Single();
        var properties = signIn.GetProperty("properties");

        Assert.EndsWith("/current", signIn.GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("ca-coordinator", signIn.GetProperty("name").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ["/api/health"],
            properties.GetProperty("globalValidation").GetProperty("excludedPaths").EnumerateArray().Select(path => path.GetString()!));
        Assert.Equal("RedirectToLoginPage", properties.GetProperty("globalValidation").GetProperty("unauthenticatedClientAction").GetString());
        var provider = properties.GetProperty("identityProviders").GetProperty("azureActiveDirectory");
        Assert.Equal("44444444-4444-4444-4444-444444444444", provider.GetProperty("registration").GetProperty("clientId").GetString());

        // ID tokens need no secret.
        Assert.DoesNotContain("clientSecret", properties.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Empty((await Template.EvaluateAsync("cpu", "single")).OfType("Microsoft.App/containerApps/authConfigs"));
    }

    private static void AssertOwnIdentity(JsonElement app, JsonElement rule) => Assert.Equal(
        app.GetProperty("identity").GetProperty("userAssignedIdentities").EnumerateObject().Single().Name,
        rule.GetProperty("identity").GetString());

    private static int DockerfilePort() =>
        int.Parse(Expose().Match(File.ReadAllText(Repository.PathOf("Dockerfile"))).Groups["port"].Value, null);

    private static JsonElement Container(JsonElement app) =>
        app.GetProperty("properties").GetProperty("template").GetProperty("containers").EnumerateArray().Single();

    private static JsonElement Scale(JsonElement app) => app.GetProperty("properties").GetProperty("template").GetProperty("scale");

    private static JsonElement Ingress(JsonElement app) => app.GetProperty("properties").GetProperty("configuration").GetProperty("ingress");

    private static string? Path(JsonElement probe) => probe.GetProperty("httpGet").GetProperty("path").GetString();

    private static Dictionary<string, JsonElement> Rules(JsonElement scale) =>
        scale.GetProperty("rules").EnumerateArray().ToDictionary(rule => rule.GetProperty("name").GetString()!);

    private static JsonElement Environment(DeploymentSnapshot snapshot) =>
        snapshot.OfType("Microsoft.App/managedEnvironments").Single().GetProperty("properties");

    private static IEnumerable<string> Profiles(DeploymentSnapshot snapshot) => Environment(snapshot).GetProperty("workloadProfiles").EnumerateArray()
        .Select(profile => $"{profile.GetProperty("name").GetString()}/{profile.GetProperty("workloadProfileType").GetString()}");

    private static (string Profile, double Cores, string Memory) Place(JsonElement app)
    {
        var resources = Container(app).GetProperty("resources");
        return (
            app.GetProperty("properties").GetProperty("workloadProfileName").GetString()!,
            resources.GetProperty("cpu").GetDouble(),
            resources.GetProperty("memory").GetString()!);
    }

    [GeneratedRegex(@"^EXPOSE (?<port>\d+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Expose();
}
