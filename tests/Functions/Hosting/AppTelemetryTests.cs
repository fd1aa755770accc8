using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Roles;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

/// <summary>What the settings lead to; nothing is sent.</summary>
public sealed class AppTelemetryTests
{
    private const string Connection = "InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://127.0.0.1:9/";

    [Fact]
    public void Nothing_Set_RegistersNothing()
    {
        var services = new ServiceCollection();

        services.AddNanodetTelemetry(Settings(), AppRole.All);

        Assert.Empty(services);
    }

    [Fact]
    public void ConnectionString_AndIdentity_ExportToAzureMonitorWithWholeTraces()
    {
        using var provider = Build(
            (AppTelemetry.ConnectionSetting, Connection),
            (TelemetryIdentity.Setting, "ClientId=11111111-2222-3333-4444-555555555555;Authorization=AAD"),
            (AppTelemetry.RatioSetting, "0.25"));
        var options = provider.GetRequiredService<IOptions<AzureMonitorExporterOptions>>().Value;

        Assert.Equal((Connection, 0.25f, null), (options.ConnectionString, options.SamplingRatio, options.TracesPerSecond));
        Assert.IsType<ManagedIdentityCredential>(options.Credential);
        Assert.NotNull(provider.GetService<TracerProvider>());
        Assert.NotNull(provider.GetService<MeterProvider>());
    }

    [Fact]
    public void ConnectionString_Alone_NeedsNoIdentity()
    {
        using var provider = Build((AppTelemetry.ConnectionSetting, Connection));

        Assert.Null(provider.GetRequiredService<IOptions<AzureMonitorExporterOptions>>().Value.Credential);
    }

    [Fact]
    public void Endpoint_Alone_ExportsByOtlp()
    {
        using var provider = Build((AppTelemetry.EndpointSetting, "http://127.0.0.1:9"));

        Assert.Equal(
            new Uri("http://127.0.0.1:9"), provider.GetRequiredService<IOptionsMonitor<OtlpExporterOptions>>().CurrentValue.Endpoint);
        Assert.NotNull(provider.GetService<TracerProvider>());
    }

    [Fact]
    public void Both_Set_ExportToBoth()
    {
        using var provider = Build(
            (AppTelemetry.ConnectionSetting, Connection), (AppTelemetry.EndpointSetting, "http://127.0.0.1:9"));

        Assert.NotNull(provider.GetService<TracerProvider>());
        Assert.NotNull(provider.GetService<MeterProvider>());
        Assert.Equal(
            new Uri("http://127.0.0.1:9"), provider.GetRequiredService<IOptionsMonitor<OtlpExporterOptions>>().CurrentValue.Endpoint);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("-0.1")]
    [InlineData("all")]
    public void TraceRatio_ThatIsNone_StopsTheStart(string ratio)
    {
        var refusal = Assert.Throws<InvalidOperationException>(
            () => Build((AppTelemetry.EndpointSetting, "http://127.0.0.1:9"), (AppTelemetry.RatioSetting, ratio)));

        Assert.Equal($"Nanodet:Telemetry:TraceRatio: expected a number from 0 to 1, found '{ratio}'.", refusal.Message);
    }

    private static ServiceProvider Build(params (string Key, string? Value)[] settings)
    {
        var configuration = Settings(settings);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddLogging(logging => logging.ClearProviders());
        services.AddNanodetTelemetry(configuration, AppRole.Worker);
        return services.BuildServiceProvider();
    }

    private static IConfigurationRoot Settings(params (string Key, string? Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)))
        .Build();
}
