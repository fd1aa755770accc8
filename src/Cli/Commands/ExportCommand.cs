using System.CommandLine;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Conversion;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet export</c>: checkpoint and config become a model that was run once before it counts as one.</summary>
internal static class ExportCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var config = new Option<FileInfo>("--config") { Description = "The NanoDet training config (.yml).", Required = true };
        var checkpoint = new Option<FileInfo>("--checkpoint") { Description = "The complete checkpoint (.pth, .ckpt).", Required = true };
        var output = new Option<FileInfo>("--output") { Description = "The ONNX file to write.", Required = true };
        var name = new Option<string?>("--name") { Description = "Name of the model; default: the config's file name without ending." };
        var plain = new Option<bool>("--plain") { Description = "Keep the graph as the official layers stand, without optimising it." };
        var precision = ConversionArguments.Precision();
        var calibration = ConversionArguments.Calibration();
        var json = CommonOptions.Json();
        var command = new Command("export", "Make an ONNX model from a complete NanoDet checkpoint. Nothing is downloaded.")
        {
            config, checkpoint, output, name, plain, precision, calibration, json,
        };
        command.Validators.Add(result => ConversionArguments.Check(result, precision, calibration));
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetRequiredValue(checkpoint),
            parsed.GetRequiredValue(output),
            parsed.GetValue(name),
            parsed.GetValue(plain),
            parsed.GetValue(precision),
            parsed.GetValue(calibration),
            new Report(parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        FileInfo config,
        FileInfo checkpoint,
        FileInfo output,
        string? name,
        bool plain,
        ModelPrecision precision,
        DirectoryInfo? calibration,
        Report report,
        CancellationToken cancellationToken)
    {
        var configBytes = await InputFile.ReadAsync(config, "config", cancellationToken);
        var checkpointBytes = await InputFile.ReadAsync(checkpoint, "checkpoint", cancellationToken);

        var converted = await ModelConversion.RunAsync(
            checkpointBytes,
            configBytes,
            new ConversionOptions
            {
                Name = name ?? Path.GetFileNameWithoutExtension(config.Name),
                Precision = precision,
                Plain = plain,
                MustDetect = false,
            },
            calibration,
            report,
            cancellationToken);
        var (model, exported) = (converted.Model, converted.Export);
        await InputFile.WriteAsync(output, model.Onnx, cancellationToken);
        report.Write(
            new ExportReport
            {
                Model = output.FullName,
                Name = exported.Name,
                Sha256 = model.Sha256,
                Bytes = model.Onnx.Length,
                CheckpointSha256 = exported.CheckpointSha256,
                ConfigSha256 = exported.ConfigSha256,
                Averaged = exported.Form.Averaged,
                Tensors = exported.Tensors,
                Parameters = exported.Parameters,
                IgnoredTensors = exported.IgnoredTensors,
                InputWidth = exported.InputWidth,
                InputHeight = exported.InputHeight,
                OutputShape = exported.OutputShape,
                Operators = exported.Operators,
                Precision = precision.ToString().ToLowerInvariant(),
                Calibration = converted.Comparison,
                LargestDifference = model.Parity.LargestDifference,
                Notes = converted.Notes,
                ExportMs = converted.ExportTime.TotalMilliseconds,
                VerifyMs = converted.VerificationTime.TotalMilliseconds,
            },
            CliJsonContext.Default.ExportReport,
            Print);
        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, ExportReport answer)
    {
        console.MarkupLineInterpolated($"[bold]{answer.Name}[/] -> {answer.Model}");
        console.Write(new Grid().AddColumn().AddColumn()
            .AddRow(
                "weights",
                $"{answer.Tensors} tensors, {answer.Parameters:N0} parameters{(answer.Averaged ? ", moving average" : "")}; "
                + $"{answer.IgnoredTensors} training tensors left out")
            .AddRow("input", $"up to {answer.InputWidth} x {answer.InputHeight}, BGR")
            .AddRow("output", $"{string.Join(" x ", answer.OutputShape)}")
            .AddRow("graph", Markup.Escape(string.Join(", ", answer.Operators.Select(pair => $"{pair.Value} {pair.Key}"))))
            .AddRow(
                "parity",
                $"largest difference {answer.LargestDifference:0.0e+00} between the served {answer.Precision} graph "
                + "and the plain fp32 graph")
            .AddRow("model", $"{answer.Bytes:N0} bytes, sha256 {answer.Sha256}")
            .AddRow("time", $"{answer.ExportMs:0} ms export, {answer.VerifyMs:0} ms verification"));
        if (answer.Calibration is { } photos)
        {
            console.MarkupLineInterpolated(
                $"{photos.Images} photos: {photos.Changed} of {photos.Detections} detections changed, scores by up to {photos.LargestScoreDifference:0.0000}");
        }

        foreach (var note in answer.Notes)
        {
            console.MarkupLineInterpolated($"[yellow]note:[/] {note}");
        }
    }
}
