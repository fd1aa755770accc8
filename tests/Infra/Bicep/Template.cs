using System.Collections.Concurrent;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>The template, evaluated once for each set of parameters that these tests ask for.</summary>
internal static class Template
{
    public const string Account = "Microsoft.Storage/storageAccounts/";

    private static readonly ConcurrentDictionary<string, Lazy<Task<DeploymentSnapshot>>> Snapshots = new();

    /// <summary>The folder of the template.</summary>
    public static string Folder { get; } = Repository.PathOf("infra", "bicep");

    public static string Main { get; } = Path.Combine(Folder, "main.bicep");

    private static Lazy<Task<BicepRun>> Compiled { get; } = new(() =>
        BicepCompiler.BuildAsync(Main, CancellationToken.None));

    /// <summary>The compiled template.</summary>
    public static Task<BicepRun> CompileAsync() => Compiled.Value;

    /// <summary>The deployment of a hosting and a topology, with every option at its default.</summary>
    public static Task<DeploymentSnapshot> EvaluateAsync(string hosting, string topology) => EvaluateAsync(
        $"{hosting} {topology}", new Dictionary<string, object> { ["hosting"] = hosting, ["topology"] = topology });

    /// <summary>The usual deployment with every option taken.</summary>
    public static Task<DeploymentSnapshot> EvaluateFullAsync() => EvaluateAsync("full", new Dictionary<string, object>
    {
        ["hosting"] = "gpu-t4",
        ["topology"] = "split",
        ["principalId"] = "33333333-3333-3333-3333-333333333333",
        ["maxWorkers"] = 7,
        ["batchesPerWorker"] = 5,
        ["warmStart"] = "50 1 * * *",
        ["warmEnd"] = "0 5 * * *",
        ["warmReplicas"] = 2,
        ["nightlyEnabled"] = true,
        ["nightlyPrefix"] = "cam1/",
        ["resultRetentionDays"] = 90,
        ["privateNetwork"] = true,
        ["allowedIpAddresses"] = "203.0.113.7, 198.51.100.0/24",
        ["registrySku"] = "Premium",
        ["otlpEndpoint"] = "http://collector:4317",
        ["jobEndTopicId"] = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/events/providers/Microsoft.EventGrid/topics/ends",
        ["jobEndWebhook"] = "https://hooks.example.com/ends",
        ["jobEndWebhookHosts"] = "hooks.example.com, other.example.com:8443",
        ["jobEndKeyVaultUrl"] = "https://vault.example/secrets/webhook",
        ["pricePerProcessorHour"] = "0.0864",
        ["pricePerGpuHour"] = "0.36",
        ["priceCurrency"] = "EUR",
        ["signInClientId"] = "44444444-4444-4444-4444-444444444444",
        ["alertEmail"] = "operator@example.com",
        ["monthlyBudget"] = 200,
        ["budgetStartDate"] = "2026-01-01",
    });

    /// <summary>The deployment whose orchestrations are kept in a Durable Task Scheduler.</summary>
    public static Task<DeploymentSnapshot> EvaluateScheduledAsync() => EvaluateAsync("scheduled", new Dictionary<string, object>
    {
        ["hosting"] = "gpu-t4",
        ["topology"] = "split",
        ["orchestrationStore"] = "scheduler",
    });

    /// <summary>The deployment before anything was pushed.</summary>
    public static Task<DeploymentSnapshot> EvaluateFirstAsync() => EvaluateAsync("first", new Dictionary<string, object>
    {
        ["hosting"] = "gpu-t4",
        ["topology"] = "split",
        ["gpuProfileType"] = "Consumption-GPU-Other",
        ["image"] = string.Empty,
    });

    private static Task<DeploymentSnapshot> EvaluateAsync(string key, Dictionary<string, object> parameters)
    {
        parameters["environmentName"] = "test";
        parameters["location"] = "swedencentral";
        parameters.TryAdd("image", "registry.example/nanodet:1");

        // Not the token of the test that happened to be first.
        return Snapshots.GetOrAdd(key, _ => new(() => DeploymentSnapshot.EvaluateAsync(Main, parameters, CancellationToken.None))).Value;
    }
}
