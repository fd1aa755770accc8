using System.CommandLine;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet down</c>: stops the app of <c>nanodet up</c> in order, and waits until it has ended.</summary>
internal static class DownCommand
{
    private const int DefaultSeconds = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var data = TargetOptions.Data();
        var limit = new Option<int>("--timeout")
        {
            Description = "Seconds to wait for its end, 1 to 3600.",
            DefaultValueFactory = _ => DefaultSeconds,
        }.Within(1, 3600);
        var json = CommonOptions.Json();
        var command = new Command("down", "Stop the app of 'nanodet up'. What is stored stays.") { data, limit, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = parsed.GetRequiredValue(data);
            await Console.Error.WriteLineAsync($"target: the app of data folder {folder}");
            var stopped = await StopAsync(
                folder, TimeSpan.FromSeconds(parsed.GetValue(limit)), TimeProvider.System, cancellationToken);
            new Report(parsed.GetValue(json)).Write(
                new DownReport(folder.FullName, stopped),
                CliJsonContext.Default.DownReport,
                (console, answer) => console.MarkupLineInterpolated(
                    $"{(answer.Stopped ? "stopped the app" : "no app runs")} in {answer.Data}"));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Stops the app.</summary>
    /// <returns>False where none runs.</returns>
    /// <exception cref="CliException"><c>app_still_running</c>: it did not end in time.</exception>
    private static async Task<bool> StopAsync(DirectoryInfo data, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!data.Exists || !AppLock.IsHeld(data))
        {
            return false;
        }

        var process = (await CloudAddress.FindAsync(data, cancellationToken))?.ProcessId;
        StopRequest.Send(data);
        var began = clock.GetTimestamp();
        while (AppLock.IsHeld(data))
        {
            if (clock.GetElapsedTime(began) > limit)
            {
                StopRequest.Remove(data);
                throw new CliException(
                    "app_still_running",
                    $"expected the app in {data} to end within {limit.TotalSeconds:0} s, found it running"
                        + $"{(process is { } id ? $" (process {id})" : "")}; its log is logs/app.log there.");
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }

        StopRequest.Remove(data);
        return true;
    }
}
