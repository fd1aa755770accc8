using System.CommandLine;
using System.Text.Json;
using Nanodet.Checkpoints.Export;
using Nanodet.Checkpoints.Graph;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Cli.Output;
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
        var precision = new Option<Precision>("--precision") { Description = "What the model computes in: fp32, fp16, or int8, which needs --calibration.", DefaultValueFactory = _ => Precision.Fp32 };
        var calibration = new Option<DirectoryInfo?>("--calibration") { Description = "Photos like those that the model will see: int8 takes its ranges from them, and a model of lower precision is held against float32 on them." };
        var json = Options.Json();
        var command = new Command("export", "Make an ONNX model from a complete NanoDet checkpoint. Nothing is downloaded.")
        {
            config, checkpoint, output, name, plain, precision, calibration, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(precision) == Precision.Int8 && result.GetValue(calibration) is null)
            {
                result.AddError("--precision int8 takes the ranges of its values from photos: give a folder of some dozens with --calibration.");
            }
        });
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
        Precision precision,
        DirectoryInfo? calibration,
        Report report,
        CancellationToken cancellationToken)
    {
        var configBytes = await InputFile.ReadAsync(config, "config", cancellationToken);
        var checkpointBytes = await InputFile.ReadAsync(checkpoint, "checkpoint", cancellationToken);

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var exported = ModelExporter.Export(checkpointBytes, configBytes, name ?? Path.GetFileNameWithoutExtension(config.Name), plain);
        var exportTime = clock.GetElapsedTime(started);

        started = clock.GetTimestamp();
        var original = ModelMaker.WithParity(exported).Onnx;
        var notes = exported.Notes;
        var model = original;
        switch (precision)
        {
            case Precision.Fp16:
                model = HalfPrecision.Convert(original);
                break;
            case Precision.Int8:
                (model, var left) = await EightBitConversion.RunAsync(original, calibration!, report, cancellationToken);
                notes = [.. notes, .. left];
                break;
        }

        var (difference, sha256) = Verify(model);
        var changed = calibration is null || precision == Precision.Fp32
            ? null
            : await Calibration.RunAsync(original, model, calibration, report, cancellationToken);
        if (changed is not null)
        {
            model = OnnxMetadata.With(model, "nanodet.calibration", JsonSerializer.Serialize(changed, CliJsonContext.Default.CalibrationReport));
            (difference, sha256) = Verify(model);
        }

        await InputFile.WriteAsync(output, model, cancellationToken);
        var verifyTime = clock.GetElapsedTime(started);

        report.Write(
            new ExportReport
            {
                Model = output.FullName,
                Name = exported.Name,
                Sha256 = sha256,
                Bytes = model.LongLength,
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
                Calibration = changed,
                LargestDifference = difference,
                Notes = notes,
                ExportMs = exportTime.TotalMilliseconds,
                VerifyMs = verifyTime.TotalMilliseconds,
            },
            CliJsonContext.Default.ExportReport,
            Print);
        return NanodetCommand.Ok;
    }

    /// <summary>Loads the file as a worker would and replays its fixture on the optimised graph.</summary>
    private static (double LargestDifference, string Sha256) Verify(byte[] model)
    {
        using var loaded = NanodetModel.Load(model, new ModelOptions { Provider = ExecutionProvider.Cpu });
        var parity = ParityFixture.Verify(loaded);
        parity.EnsurePassed();
        return (parity.LargestDifference, loaded.Sha256);
    }

    private static void Print(IAnsiConsole console, ExportReport answer)
    {
        console.MarkupLineInterpolated($"[bold]{answer.Name}[/] -> {answer.Model}");
        console.Write(new Grid().AddColumn().AddColumn()
            .AddRow("weights", $"{answer.Tensors} tensors, {answer.Parameters:N0} parameters{(answer.Averaged ? ", moving average" : "")}; {answer.IgnoredTensors} training tensors left out")
            .AddRow("input", $"up to {answer.InputWidth} x {answer.InputHeight}, BGR")
            .AddRow("output", $"{string.Join(" x ", answer.OutputShape)}")
            .AddRow("graph", Markup.Escape(string.Join(", ", answer.Operators.Select(pair => $"{pair.Value} {pair.Key}"))))
            .AddRow("parity", $"largest difference {answer.LargestDifference:0.0e+00} between the served {answer.Precision} graph and the plain fp32 graph")
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
