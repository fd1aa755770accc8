using System.CommandLine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.LocalHost.Azurite;
using Nanodet.Serverless.Pipeline.Models;
using Nanodet.Serverless.Pipeline.Storage;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet up</c>: the whole app on this machine, on the official engines and Azurite, until it is told to stop.</summary>
internal static class UpCommand
{
    private const int DefaultPort = 7071;
    private const string LockName = "up.lock";
    private static readonly TimeSpan HealthPause = TimeSpan.FromMilliseconds(200);

    // On one machine a look at the pointer costs nothing, and whoever publishes waits for it.
    private static readonly Dictionary<string, string> Settings = new() { ["Nanodet__Model__PollInterval"] = "00:00:02" };

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Port of the HTTP functions; 0 takes a free one.", DefaultValueFactory = _ => DefaultPort };
        var data = CloudOptions.Data();
        var model = new Option<FileInfo?>("--model") { Description = "Model to publish first; default: the one that is published, else the demo's." };
        var app = new Option<DirectoryInfo?>("--app") { Description = "Build output of the function app; default: the one beside this program or in this repository." };
        var verbose = new Option<bool>("--verbose") { Description = "Show what the app logs." };
        var json = Options.Json();
        var command = new Command("up", "Run the whole app on this machine: functions, durable orchestrations and storage. Ctrl+C stops it.")
        {
            port, data, model, app, verbose, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(port),
            parsed.GetRequiredValue(data),
            parsed.GetValue(model),
            parsed.GetValue(app)?.FullName ?? AppFolder.Find(),
            parsed.GetValue(verbose),
            new Report(parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        int port, DirectoryInfo data, FileInfo? model, string app, bool verbose, Report report, CancellationToken cancellationToken)
    {
        using var logging = verbose
            ? LoggerFactory.Create(builder => builder.AddSimpleConsole(console => console.SingleLine = true).AddFunctionHostFilters())
            : null;
        ILoggerFactory loggerFactory = logging ?? (ILoggerFactory)NullLoggerFactory.Instance;
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();

        using var folder = Claim(data);
        await using var azurite = await AzuriteServer.StartAsync(
            new AzuriteOptions { DataDirectory = Path.Combine(data.FullName, "azurite") }, loggerFactory, clock, cancellationToken);
        var current = await PublishAsync(new CloudStorage(azurite.ConnectionString), model, loggerFactory, cancellationToken);
        await using var host = await FunctionHost.StartAsync(
            new FunctionHostOptions
            {
                AppDirectory = app,
                Port = port,
                StorageConnectionString = azurite.ConnectionString,
                Settings = Settings.Concat(AppFolder.Settings(app)).ToDictionary(),
            },
            loggerFactory,
            cancellationToken);
        await WaitUntilReadyAsync(host, clock, cancellationToken);

        var address = new CloudAddress(host.Address, azurite.ConnectionString, Environment.ProcessId);
        try
        {
            await address.WriteAsync(data, cancellationToken);
            report.Write(
                new UpReport(address.Server, azurite.ConnectionString, current.Name, current.Version, data.FullName, clock.GetElapsedTime(started).TotalMilliseconds),
                CliJsonContext.Default.UpReport,
                Print);
            await Task.WhenAny(host.Completion, azurite.Completion, Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellationToken));
        }
        finally
        {
            CloudAddress.Remove(data);
        }

        // The host and Azurite end by being told to; where one ended by itself, its exception says why.
        if (!cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(host.Completion, azurite.Completion).Unwrap();
            throw new CliException(
                azurite.Completion.IsCompleted ? "azurite_ended" : "host_ended",
                $"{(azurite.Completion.IsCompleted ? "Azurite" : "the app")} ended by itself; --verbose shows what it logged.");
        }

        return NanodetCommand.Ok;
    }

    /// <summary>Holds the data folder: two apps on one folder would share a storage account that each believes to own.</summary>
    private static FileStream Claim(DirectoryInfo data)
    {
        data.Create();
        try
        {
            return new FileStream(
                Path.Combine(data.FullName, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException exception)
        {
            throw new CliException(
                "already_running", $"expected a data folder that no other 'nanodet up' uses, found that {data.FullName} is in use; choose another with --data. ({exception.Message})");
        }
    }

    private static async Task<ModelPointer> PublishAsync(CloudStorage storage, FileInfo? model, ILoggerFactory loggerFactory, CancellationToken cancellationToken)
    {
        await new StorageSetup(storage.Clients, Microsoft.Extensions.Options.Options.Create(storage.Names), loggerFactory.CreateLogger<StorageSetup>())
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

        var package = DemoModelBuilder.FindPackage() ?? throw new CliException(
            "no_model", $"no model was published yet: give one with --model{(AppFolder.FindRepository() is null ? "" : ", or install the demo's package with 'npm ci' in models/demo")}.");
        return await storage.Publisher.PublishAsync(await DemoModelBuilder.BuildAsync(package, cancellationToken), config: null, version: null, cancellationToken);
    }

    private static async Task WaitUntilReadyAsync(FunctionHost host, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var client = new AppClient(host.Address, key: null);
        var told = "";
        while (await client.IsReadyAsync(cancellationToken) is { Ready: false } state)
        {
            if (state.Reason != told)
            {
                told = state.Reason;
                await Console.Error.WriteLineAsync($"not ready yet: {told}");
            }

            if (host.Completion.IsCompleted)
            {
                await host.Completion;
            }

            await Task.Delay(HealthPause, clock, cancellationToken);
        }
    }

    private static void Print(IAnsiConsole console, UpReport answer)
    {
        console.Write(new Grid().AddColumn().AddColumn()
            .AddRow("app", $"{answer.Server} (ready after {answer.ReadyMs:0} ms)")
            .AddRow("model", Markup.Escape($"{answer.Model} {answer.Version}"))
            .AddRow("health", $"{answer.Server}api/health")
            .AddRow("jobs", $"{answer.Server}api/jobs")
            .AddRow("data", Markup.Escape(answer.Data))
            .AddRow("storage", Markup.Escape(answer.Storage)));
        console.MarkupLine("Put images into the container 'images', or run 'nanodet submit'. Ctrl+C stops everything.");
    }
}
