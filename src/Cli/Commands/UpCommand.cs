using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.LocalHost;
using Nanodet.Serverless.LocalHost.Logging;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet up</c>: the whole app on this machine, on the official engines and Azurite, until it is told to stop.</summary>
internal static class UpCommand
{
    private const int DefaultPort = 7071;
    private const int DefaultLogMegabytes = 10;
    private const int DefaultLogFiles = 5;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var port = new Option<int>("--port")
        {
            Description = "Port of the HTTP functions, 0 to 65535; 0 takes a free one.",
            DefaultValueFactory = _ => DefaultPort,
        }.Within(0, 65535);
        var data = TargetOptions.Data();
        var model = new Option<FileInfo?>("--model")
        {
            Description = "Model to publish first; default: the one that is published, else the demo's.",
        };
        var app = new Option<DirectoryInfo?>("--app")
        {
            Description = "Build output of the function app; default: the one beside this program or in this repository.",
        };
        var logSize = Bounded(
            "--log-size",
            "Size in MiB at which logs/app.log in the data folder becomes an older file, 1 to 1024.",
            DefaultLogMegabytes,
            1,
            1024);
        var logFiles = Bounded("--log-files", "Files of the log that are kept, 2 to 100.", DefaultLogFiles, 2, 100);
        var allowHost = new Option<string[]>("--allow-host")
        {
            Description = "Host name, beside localhost, under which and from whose pages requests are taken; may be given several times.",
        };
        var auth = new Option<bool>("--auth")
        {
            Description = "Ask for a function key, as in Azure. It is made once and kept in host.key in the data folder; "
                + "the other commands find it there.",
        };
        var verbose = new Option<bool>("--verbose") { Description = "Also show on standard error what goes into the log." };
        var json = CommonOptions.Json();
        var command = new Command(
            "up",
            "Run the whole app on this machine: functions, durable orchestrations and storage. Ctrl+C stops it. "
            + "Its log is logs/app.log in the data folder.")
        {
            port, data, model, app, allowHost, auth, logSize, logFiles, verbose, json,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            var folder = parsed.GetRequiredValue(data);
            return RunAsync(
                new LocalAppOptions(
                    parsed.GetValue(port),
                    folder.FullName,
                    parsed.GetValue(model),
                    parsed.GetValue(app)?.FullName ?? AppFolder.Find(),
                    LogLocation: string.Empty,
                    parsed.GetValue(allowHost) ?? [],
                    Key: null),
                new AppLogOptions
                {
                    Directory = Path.Combine(folder.FullName, "logs"),
                    MaxFileBytes = (long)parsed.GetValue(logSize) << 20,
                    MaxFiles = parsed.GetValue(logFiles),
                },
                parsed.GetValue(auth),
                parsed.GetValue(verbose),
                parsed.GetValue(json),
                cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(
        LocalAppOptions options, AppLogOptions logOptions, bool auth, bool verbose, bool json, CancellationToken cancellationToken)
    {
        var report = new Report(json);
        using var folder = Claim(options.Data);
        var key = auth ? await HostKey.FindOrMakeAsync(options.Data, cancellationToken) : null;
        await using var stop = new StopRequest(new DirectoryInfo(options.Data), TimeProvider.System);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stop.Token);
        using var log = AppLog.Open(logOptions, problem =>
            Console.Error.WriteLine($"warning: the log cannot be written, and the app goes on without it. {problem}"));
        using var logging = LoggerFactory.Create(builder =>
        {
            builder.AddFunctionHostFilters();
            log.AddTo(builder);
            if (verbose)
            {
                builder
                    .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
                    .AddSimpleConsole(console => console.SingleLine = true);
            }
        });
        var logger = logging.CreateLogger("Nanodet.Serverless.Cli");
        Log.UpStarts(logger, Version, Environment.ProcessId, RuntimeInformation.OSDescription, options.Data);
        try
        {
            await RunAsync(options with { LogLocation = Location(log), Key = key }, log, logging, logger, verbose, report, ending.Token);
            Log.UpStops(logger);
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            // Told to stop before it was ready.
            Log.UpStops(logger);
            return ExitCode.Ok;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, the stack trace is in the log and one line is here.
            Log.UpFailed(logger, exception);
            var failure = Failure.From(exception) ?? new Failure("unexpected", $"{exception.GetType().Name}: {exception.Message}");
            var message = $"{failure.Message.ReplaceLineEndings(" ")} The app's log: {Location(log)}";
            if (!report.IsWritten)
            {
                throw new CliException(failure.Code, message);
            }

            // Standard output has its one document.
            await Console.Error.WriteLineAsync(Failure.Line(failure.Code, message));
            return ExitCode.Failed;
        }
    }

    private static async Task RunAsync(
        LocalAppOptions options,
        AppLog log,
        ILoggerFactory logging,
        ILogger logger,
        bool verbose,
        Report report,
        CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var data = new DirectoryInfo(options.Data);
        await using var app = await StepLines.RunAsync(
            live: !verbose && !report.IsJson && !Console.IsErrorRedirected,
            clock,
            steps => LocalApp.StartAsync(options, logging, steps, clock, cancellationToken));

        var address = new CloudAddress(
            app.Host.Address, app.Azurite.ConnectionString, Environment.ProcessId, log.Problem is null ? log.Path : null, options.Key);
        try
        {
            await address.WriteAsync(data, cancellationToken);
            Log.UpReady(logger, address.Server, app.Model.Name, app.Model.Version);
            var answer = new UpReport(
                address.Server,
                address.Storage,
                app.Model.Name,
                app.Model.Version,
                options.Data,
                address.Log,
                log.Problem,
                options.Key is null ? null : HostKey.Path(options.Data),
                clock.GetElapsedTime(started).TotalMilliseconds);
            report.Write(answer, CliJsonContext.Default.UpReport, Print);
            await app.RunAsync(cancellationToken);
        }
        finally
        {
            CloudAddress.Remove(data);
        }
    }

    private static string Version { get; } =
        typeof(UpCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    private static string Location(AppLog log) => log.Problem is { } problem ? $"not kept: {problem}" : log.Path;

    private static Option<int> Bounded(string name, string description, int standard, int least, int most) =>
        new Option<int>(name) { Description = description, DefaultValueFactory = _ => standard }.Within(least, most);

    /// <summary>Holds the data folder: two apps on one folder would share a storage account that each believes to own.</summary>
    private static FileStream Claim(string data)
    {
        Directory.CreateDirectory(data);
        try
        {
            return AppLock.Take(data);
        }
        catch (IOException exception)
        {
            throw new CliException(
                "already_running",
                $"expected a data folder that no other 'nanodet up' uses, found that {data} is in use; "
                + $"choose another with --data. ({exception.Message})");
        }
    }

    private static void Print(IAnsiConsole console, UpReport answer)
    {
        var grid = new Grid().AddColumn().AddColumn()
            .AddRow("app", $"{answer.Server} (ready after {answer.ReadyMs:0} ms)")
            .AddRow("model", Markup.Escape($"{answer.Model} {answer.Version}"))
            .AddRow("health", $"{answer.Server}api/health/details")
            .AddRow("viewer", $"{answer.Server}api/viewer/")
            .AddRow("jobs", $"{answer.Server}api/jobs")
            .AddRow("data", Markup.Escape(answer.Data))
            .AddRow("log", Markup.Escape(answer.Log ?? $"none is kept: {answer.LogProblem}"))
            .AddRow("storage", Markup.Escape(answer.Storage));
        if (answer.KeyFile is { } keyFile)
        {
            grid.AddRow("key", Markup.Escape(keyFile));
        }

        console.Write(grid);
        console.MarkupLine("Put images into the container 'images', or run 'nanodet submit'. Ctrl+C stops everything.");
    }
}
