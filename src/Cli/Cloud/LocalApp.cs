using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Cli.Demo;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.LocalHost.Azurite;
using Nanodet.Serverless.LocalHost.Hosting;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Cli.Cloud;

/// <summary>The whole app on this machine: Azurite, a published model, and the functions on the official engines.</summary>
internal sealed class LocalApp : IAsyncDisposable
{
    private AzuriteServer? _azurite;
    private FunctionHost? _host;

    private LocalApp()
    {
    }

    /// <summary>Azurite.</summary>
    public AzuriteServer Azurite => _azurite!;

    /// <summary>The functions.</summary>
    public FunctionHost Host => _host!;

    /// <summary>The model that was current at the start.</summary>
    public ModelPointer Model { get; private set; } = null!;

    /// <summary>Starts everything and returns when the app takes work.</summary>
    /// <param name="options">What to run, and where.</param>
    /// <param name="loggerFactory">Where everything logs.</param>
    /// <param name="steps">Is told what is being done.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="cancellationToken">Gives the start up and cleans up after it.</param>
    public static async Task<LocalApp> StartAsync(
        LocalAppOptions options, ILoggerFactory loggerFactory, StepLines steps, TimeProvider clock, CancellationToken cancellationToken)
    {
        var app = new LocalApp();
        try
        {
            await app.StartCoreAsync(options, loggerFactory, steps, clock, cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the functions, then Azurite.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        if (_azurite is not null)
        {
            await _azurite.DisposeAsync();
        }
    }

    private async Task StartCoreAsync(
        LocalAppOptions options, ILoggerFactory loggerFactory, StepLines steps, TimeProvider clock, CancellationToken cancellationToken)
    {
        var azurite = new AzuriteOptions { DataDirectory = Path.Combine(options.Data, "azurite"), Progress = new AzuriteSteps(steps) };
        _azurite = await AzuriteServer.StartAsync(azurite, loggerFactory, clock, cancellationToken);

        steps.Begin("publishing the model");
        Model = await PublishAsync(new CloudStorage(Azurite.ConnectionString), options.Model, loggerFactory, cancellationToken);

        steps.Begin("starting functions");
        var host = new FunctionHostOptions
        {
            AppDirectory = options.App,
            Port = options.Port,
            StorageConnectionString = Azurite.ConnectionString,
            LogLocation = options.LogLocation,
            Settings = new Dictionary<string, string>(AppFolder.Settings(options.App))
            {
                ["Nanodet__Log__Location"] = options.LogLocation,

                // On one machine a look at the pointer costs nothing, and whoever publishes waits for it.
                ["Nanodet__Model__PollInterval"] = "00:00:02",
            },
        };
        _host = await FunctionHost.StartAsync(host, loggerFactory, cancellationToken);

        steps.Begin("loading the model");
        using var client = new AppClient(Host.Address, key: null);
        await new ReadyWait(client.HealthAsync, clock).UntilReadyAsync(
            reason => steps.Note($"not ready yet: {reason}"), Host.Completion, cancellationToken);
    }

    private static async Task<ModelPointer> PublishAsync(
        CloudStorage storage, FileInfo? model, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        await new StorageSetup(storage.Clients, Options.Create(storage.Names), loggerFactory.CreateLogger<StorageSetup>())
            .EnsureAsync(cancellationToken);
        if (model is not null)
        {
            var (onnx, config) = await InputFile.ReadModelAsync(model, cancellationToken);
            return await storage.Publisher.PublishAsync(onnx, config, version: null, cancellationToken);
        }

        if (await storage.Publisher.FindCurrentAsync(cancellationToken) is { } current)
        {
            return current;
        }

        var package = AppFolder.FindDemoPackage() ?? throw new CliException(
            "no_model",
            "no model was published yet: give one with --model"
                + $"{(AppFolder.FindRepository() is null ? "" : ", or install the demo's package with 'npm ci' in models/demo")}.");
        return await storage.Publisher.PublishAsync(
            await DemoModelBuilder.BuildAsync(package, cancellationToken), config: null, version: null, cancellationToken);
    }

    /// <summary>Azurite's stages as steps.</summary>
    private sealed class AzuriteSteps(StepLines steps) : IProgress<AzuriteStage>
    {
        public void Report(AzuriteStage value) =>
            steps.Begin(value == AzuriteStage.Installing ? "installing Azurite (once)" : "starting storage");
    }
}
