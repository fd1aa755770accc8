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

        Assert.Equal("functionapp", worker.GetProperty("kind").GetString());
        Assert.Equal((0, 3), (scale.GetProperty("minReplicas").GetInt32(), scale.GetProperty("maxReplicas").GetInt32()));

        // Without it the platform would make its own rules, and refuse these.
        Assert.True(scale.GetProperty("allowScalingRuleOverride").GetBoolean());
        Assert.Equal(["batches", "requests"], Rules(scale).Keys.Order());
        var queue = Rules(scale)["batches"].GetProperty("azureQueue");
        Assert.Equal(DeploymentSnapshot.Settings(worker)["Nanodet__Storage__BatchQueue"], queue.GetProperty("queueName").GetString());
        Assert.Equal(DeploymentSnapshot.Settings(worker)["AzureWebJobsStorage__accountName"], queue.GetProperty("accountName").GetString());
        Assert.Equal(8, queue.GetProperty("queueLength").GetInt32());
        Assert.Equal(worker.GetProperty("identity").GetProperty("userAssignedIdentities").EnumerateObject().Single().Name, queue.GetProperty("identity").GetString());
        Assert.False(queue.TryGetProperty("auth", out _));
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

    [Fact]
    public async Task Worker_AsPlainContainerApp_KeepsItsRulesWithoutThePreview()
    {
        var worker = (await Template.EvaluateFirstAsync()).App("worker");

        Assert.Equal("containerapps", worker.GetProperty("kind").GetString());
        Assert.Equal(["batches", "requests"], Rules(Scale(worker)).Keys.Order());
        Assert.False(Scale(worker).TryGetProperty("allowScalingRuleOverride", out _));

        // The platform gives only a functionapp a host name, and without one there are no durable clients.
        Assert.Equal("localhost:8080", DeploymentSnapshot.Settings(worker)["WEBSITE_HOSTNAME"]);
        Assert.False(DeploymentSnapshot.Settings((await Template.EvaluateAsync("gpu-t4", "split")).App("worker")).ContainsKey("WEBSITE_HOSTNAME"));
    }

    [Theory]
    [InlineData("gpu-t4", "split", "coordinator")]
    [InlineData("cpu", "single", "all")]
    public async Task Coordinator_Always_IsThereOnce(string hosting, string topology, string role)
    {
        var app = (await Template.EvaluateAsync(hosting, topology)).App(role);
        var scale = Scale(app);

        Assert.Equal("functionapp", app.GetProperty("kind").GetString());
        Assert.Equal((1, 1), (scale.GetProperty("minReplicas").GetInt32(), scale.GetProperty("maxReplicas").GetInt32()));

        // Rules of its own would be refused: the platform makes them.
        Assert.False(scale.TryGetProperty("rules", out _));
        Assert.False(scale.TryGetProperty("allowScalingRuleOverride", out _));
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
        Assert.Equal("/api/health", Path(probes["Readiness"]));

        // A worker whose model is missing or fails its parity fixture is not ready, and is not restarted for it.
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
    public async Task Apps_BeforeTheFirstDeployment_RunAPlaceholderWithoutProbes()
    {
        var snapshot = await Template.EvaluateFirstAsync();

        Assert.All(snapshot.Apps, app =>
        {
            Assert.StartsWith("mcr.microsoft.com/", Container(app).GetProperty("image").GetString(), StringComparison.Ordinal);
            Assert.Empty(Container(app).GetProperty("probes").EnumerateArray());
            Assert.Single(app.GetProperty("properties").GetProperty("configuration").GetProperty("registries").EnumerateArray());
        });
    }

    [Fact]
    public async Task Apps_OfOneDeployment_RunOneImage()
    {
        var images = (await Template.EvaluateAsync("gpu-t4", "split")).Apps.Select(app => Container(app).GetProperty("image").GetString());

        Assert.Equal(["registry.example/nanodet:1", "registry.example/nanodet:1"], images);
    }

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
