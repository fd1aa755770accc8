using System.CommandLine;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Demo;
using Nanodet.Serverless.Cli.Output;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet demo-model</c>: the demo's checkpoint and config, made from the installed npm package.</summary>
internal static class DemoModelCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var package = new Option<DirectoryInfo>("--package")
        {
            Description = "Folder of the installed npm package @vladmandic/human 1.4.1.",
            Required = true,
        };
        var output = new Option<DirectoryInfo>("--output") { Description = "Folder for the checkpoint and its config.", Required = true };
        var json = CommonOptions.Json();
        var command = new Command("demo-model", "Make a trained checkpoint and its config from the demo's npm package.")
        {
            package, output, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(package), parsed.GetRequiredValue(output), new Report(parsed.GetValue(json)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo package, DirectoryInfo output, Report report, CancellationToken cancellationToken)
    {
        var (content, tensors) = await DemoModelBuilder.ReadCheckpointAsync(package, cancellationToken);
        var checkpoint = new FileInfo(Path.Combine(output.FullName, $"{DemoModelImporter.ModelName}.pth"));
        var config = new FileInfo(Path.Combine(output.FullName, $"{DemoModelImporter.ModelName}.yml"));
        await InputFile.WriteAsync(checkpoint, content, cancellationToken);
        await InputFile.WriteAsync(config, DemoModelImporter.ReadConfig(), cancellationToken);

        report.Write(
            new DemoModelReport(checkpoint.FullName, config.FullName, tensors),
            CliJsonContext.Default.DemoModelReport,
            (console, answer) => console.MarkupLineInterpolated(
                $"{answer.Tensors} tensors -> {answer.Checkpoint}, config {answer.Config}"));
        return ExitCode.Ok;
    }
}
