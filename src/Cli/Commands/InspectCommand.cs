using System.CommandLine;
using System.Security.Cryptography;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet inspect</c>: what a checkpoint or a model holds, without running either.</summary>
internal static class InspectCommand
{
    private const int LongestValue = 120;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "A checkpoint (.pth, .ckpt) or a model (.onnx)." };
        var config = new Option<FileInfo?>("--config")
        {
            Description = "The training config: then every tensor of the checkpoint is checked.",
        };
        var json = CommonOptions.Json();
        var command = new Command("inspect", "Show what a checkpoint or a model holds.") { file, config, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(file), parsed.GetValue(config), new Report(parsed.GetValue(json)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, FileInfo? config, Report report, CancellationToken cancellationToken)
    {
        var bytes = await InputFile.ReadAsync(file, "checkpoint or model", cancellationToken);
        var configBytes = config is null ? null : await InputFile.ReadAsync(config, "config", cancellationToken);
        var answer = file.Extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase)
            ? new InspectReport(
                null,
                new ModelSummary(Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.LongLength, OnnxMetadata.Read(bytes)))
            : new InspectReport(CheckpointInspector.Inspect(bytes, configBytes), null);
        report.Write(answer, CliJsonContext.Default.InspectReport, Print);
        return answer.Checkpoint is { Problem: { } problem }
            ? throw new CheckpointException(CheckpointErrorCode.Incomplete, problem)
            : ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, InspectReport answer)
    {
        if (answer.Checkpoint is { } checkpoint)
        {
            Print(console, checkpoint);
        }
        else if (answer.Model is { } model)
        {
            Print(console, model);
        }
    }

    private static void Print(IAnsiConsole console, CheckpointSummary checkpoint)
    {
        var table = new Table().AddColumns("part", "tensors", "values");
        foreach (var part in checkpoint.Parts)
        {
            table.AddRow(Markup.Escape(part.Name), $"{part.Tensors:N0}", $"{part.Elements:N0}");
        }

        console.Write(table);
        var form = checkpoint.Form;
        console.Write(new Grid().AddColumn().AddColumn()
            .AddRow(
                "form",
                $"{(form.Trainer ? "trainer checkpoint" : form.Bare ? "bare state dict" : "weights")}"
                + $"{(form.Prefix.Length > 0 ? $", names under {form.Prefix}" : "")}")
            .AddRow("moving average", form.Averaged ? "yes, used" : "no")
            .AddRow("auxiliary branch", checkpoint.Auxiliary ? "yes, not used by inference" : "no")
            .AddRow("types", string.Join(", ", checkpoint.Types.Select(pair => $"{pair.Value} {pair.Key}")))
            .AddRow("complete", Complete(checkpoint))
            .AddRow("file", $"{checkpoint.Bytes:N0} bytes, sha256 {checkpoint.Sha256}"));
    }

    private static string Complete(CheckpointSummary checkpoint) => checkpoint switch
    {
        { Complete: true } => "yes, every tensor of the config is there and fits",
        { Complete: false } => "no",
        { MissingParts.Count: > 0 } => $"no, {string.Join(" and ", checkpoint.MissingParts)} missing",
        _ => "backbone, fpn and head are there; --config checks every tensor",
    };

    private static void Print(IAnsiConsole console, ModelSummary model)
    {
        var grid = new Grid().AddColumn().AddColumn().AddRow("file", $"{model.Bytes:N0} bytes, sha256 {model.Sha256}");
        if (model.Metadata.Count == 0)
        {
            grid.AddRow("metadata", "none: a foreign model, to be served with its .yml beside it");
        }

        foreach (var (key, value) in model.Metadata)
        {
            grid.AddRow(
                Markup.Escape(key),
                Markup.Escape(value.Length <= LongestValue ? value : $"{value[..LongestValue]}... ({value.Length:N0} characters)"));
        }

        console.Write(grid);
    }
}
