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
    /// <summary>Code of the failure of an app whose storage is gone.</summary>
    public const string AzuriteEnded = "azurite_ended";

    // Without storage nothing that runs can be finished.
    private static readonly TimeSpan NoStorageGrace = TimeSpan.FromSeconds(1);

    // A step that does not heed its cancellation is left behind after this.
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _clock;
    private AzuriteServer? _azurite;
    private FunctionHost? _host;

    private LocalApp(TimeProvider clock) => _clock = clock;

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
    /// <exception cref="CliException">Among others <see cref="AzuriteEnded"/>: Azurite ended meanwhile.</exception>
    public static async Task<LocalApp> StartAsync(
        LocalAppOptions options, ILoggerFactory loggerFactory, StepLines steps, TimeProvider clock, CancellationToken cancellationToken)
    {
        var app = new LocalApp(clock);
        try
        {
            await app.StartCoreAsync(options, loggerFactory, steps, cancellationToken);
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs until Azurite or the functions end by themselves.</summary>
    /// <param name="cancellationToken">Ends the wait; then this returns.</param>
    /// <exception cref="CliException"><see cref="AzuriteEnded"/>, or <c>host_ended</c>.</exception>
    /// <exception cref="FunctionHostException">The worker died too often.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var cancelled = Task.Delay(Timeout.InfiniteTimeSpan, _clock, cancellationToken);
        var ended = await Task.WhenAny(Azurite.Completion, Host.Completion, cancelled);
        if (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        if (ended == Azurite.Completion)
        {
            throw StorageGone();
        }

        await ended;
        throw new CliException("host_ended", "the app ended by itself.");
    }

    /// <summary>Stops the functions, then Azurite. Without Azurite the functions are not waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            using var limit = new CancellationTokenSource();
            if (_azurite is { Completion.IsCompleted: true })
            {
                limit.CancelAfter(NoStorageGrace);
            }

            await _host.StopAsync(limit.Token);
        }

        if (_azurite is not null)
        {
            await _azurite.DisposeAsync();
        }
    }

    private async Task StartCoreAsync(
        LocalAppOptions options, ILoggerFactory loggerFactory, StepLines steps, CancellationToken cancellationToken)
    {
        var azurite = new AzuriteOptions { DataDirectory = Path.Combine(options.Data, "azurite"), Progress = new AzuriteSteps(steps) };
        _azurite = await AzuriteServer.StartAsync(azurite, loggerFactory, _clock, cancellationToken);

        steps.Begin("publishing the model");
        var storage = new CloudStorage(Azurite.ConnectionString);
        await WhileStoredAsync(
            async token => Model = await PublishAsync(storage, options.Model, loggerFactory, token), cancellationToken);

        steps.Begin("starting functions");
        var host = new FunctionHostOptions
        {
            AppDirectory = options.App,
            Port = options.Port,
            StorageConnectionString = Azurite.ConnectionString,
            LogLocation = options.LogLocation,
            AllowedHosts = options.AllowedHosts,
            Key = options.Key,
            Settings = new Dictionary<string, string>(AppFolder.Settings(options.App))
            {
                ["Nanodet__Log__Location"] = options.LogLocation,

                // On one machine a look at the pointer costs nothing, and whoever publishes waits for it.
                ["Nanodet__Model__PollInterval"] = "00:00:02",
            },
        };
        await WhileStoredAsync(
            async token => _host = await FunctionHost.StartAsync(host, loggerFactory, token), cancellationToken);

        steps.Begin("loading the model");
        using var client = new AppClient(Host.Address, options.Key);
        var ready = new ReadyWait(client.HealthAsync, _clock);
        await WhileStoredAsync(
            token => ready.UntilReadyAsync(reason => steps.Note($"not ready yet: {reason}"), Host.Completion, token), cancellationToken);
    }

    /// <summary>Does a step of the start, and gives it up when Azurite ends: the clients of storage would try again for minutes.</summary>
    private async Task WhileStoredAsync(Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var working = step(stop.Token);
        if (await Task.WhenAny(working, Azurite.Completion) != working)
        {
            await stop.CancelAsync();
            await working.WaitAsync(StepLimit, _clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw StorageGone();
        }

        await working;
    }

    private static CliException StorageGone() => new(
        AzuriteEnded,
        "Azurite ended while the app ran; the app cannot work without storage and has stopped. What was stored is kept: start it again.");

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
