using System.CommandLine;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Viewing;

/// <summary><c>nanodet view</c>: results in a browser, without an app.</summary>
internal static class ViewCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var folder = new Argument<string?>("results")
        {
            Description = "Folder with results of 'nanodet detect' or 'nanodet results', or one file of them.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var job = new Option<string?>("--job") { Description = "A job in storage, instead of a folder." };
        var images = new Option<DirectoryInfo?>("--images")
        {
            Description = "Folder with the images, under their names or the ends of those; default: the results' folder, the one around it, and the "
                + "current one.",
        };
        var compare = new Option<string?>("--compare")
        {
            Description = "What the results are compared with: other results over the same images, such as another model's. A folder or a "
                + "file beside a folder of results, a job beside --job.",
        };
        var port = new Option<int>("--port")
        {
            Description = "Port on the loopback address, 0 to 65535; 0 takes a free one.",
            DefaultValueFactory = _ => 0,
        }.Within(0, 65535);
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command(
            "view", "Look at results in a browser: a page on this machine that only shows. Ctrl+C ends it.")
        {
            folder, job, compare, images, port, json,
        };
        target.AddTo(command);
        command.Validators.Add(result =>
        {
            var (hasFolder, hasJob) = (result.GetValue(folder) is not null, result.GetValue(job) is not null);
            if (hasFolder == hasJob)
            {
                result.AddError(hasFolder
                    ? "results and --job name different things to look at: give one of them."
                    : "expected a folder of results, or --job with the id of a job.");
            }

            if (hasFolder && target.IsNamed(result))
            {
                result.AddError("--data and --account: only with --job.");
            }

            if (hasJob && result.GetValue(images) is not null)
            {
                result.AddError("--images: only with a folder of results; a job's images are in storage.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var storage = parsed.GetValue(job) is null ? null : await target.StorageAsync(parsed, cancellationToken);
            async Task<IViewedResults> OpenAsync(string name, string option) => storage is null
                ? await FolderResults.ReadAsync(name, parsed.GetValue(images), cancellationToken)
                : await StoredJob.OpenAsync(storage, name, option, cancellationToken);
            var results = await OpenAsync((parsed.GetValue(job) ?? parsed.GetValue(folder))!, "--job");
            var before = parsed.GetValue(compare) is { } other ? await OpenAsync(other, "--compare") : null;
            await using var server = await ViewServer.StartAsync(results, before, parsed.GetValue(port), cancellationToken);
            new Report(parsed.GetValue(json)).Write(
                new ViewReport(server.Page, results.Title, before?.Title), ViewJson.Default.ViewReport, Print);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(IAnsiConsole console, ViewReport answer)
    {
        console.MarkupLineInterpolated($"{answer.Title}");
        if (answer.Before is { } before)
        {
            console.MarkupLineInterpolated($"compared with {before}");
        }

        console.MarkupLineInterpolated($"Open [bold]{answer.Page.AbsoluteUri}[/] in a browser. Ctrl+C ends this.");
    }
}
