using System.CommandLine;
using Nanodet.Detection.Forms;
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
        var name = new Option<string?>("--name")
        {
            Description = "Name of the model; default: the config's file name without ending, and its precision unless that is fp32.",
        };
        var plain = new Option<bool>("--plain") { Description = "Keep the graph as the official layers stand, without optimising it." };
        var precision = ConversionArguments.Precision();
        var forms = ConversionArguments.Forms();
        var calibration = ConversionArguments.Calibration();
        var json = CommonOptions.Json();
        var command = new Command("export", "Make an ONNX model from a complete NanoDet checkpoint. Nothing is downloaded.")
        {
            config, checkpoint, output, name, plain, precision, forms, calibration, json,
        };
        command.Validators.Add(result =>
        {
            ConversionArguments.Check(result, forms, precision, calibration);
            if (result.GetValue(forms) is not null && result.GetResult(plain) is { Implicit: false })
            {
                result.AddError("--forms says which graph each form has: leave --plain out.");
            }
        });
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(config),
            parsed.GetRequiredValue(checkpoint),
            parsed.GetRequiredValue(output),
            parsed.GetValue(name),
            parsed.GetValue(plain),
            parsed.GetValue(precision),
            ConversionArguments.FormsOf(parsed.GetValue(forms)),
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
        IReadOnlyList<ModelForm>? forms,
        DirectoryInfo? calibration,
        Report report,
        CancellationToken cancellationToken)
    {
        var configBytes = await InputFile.ReadAsync(config, "config", cancellationToken);
        var checkpointBytes = await InputFile.ReadAsync(checkpoint, "checkpoint", cancellationToken);

        var options = new ConversionOptions
        {
            Name = name ?? ConversionOptions.NameOf(
                Path.GetFileNameWithoutExtension(config.Name), forms is null ? precision : ModelPrecision.Fp32),
            Precision = precision,
            Plain = plain,
            MustDetect = false,
        };
        ConvertedModel converted;
        IReadOnlyList<ExportedForm> written = [];
        IReadOnlyList<string> notes;
        FormMeasurement? speed;
        string? speedNote;
        if (forms is null)
        {
            converted = await ModelConversion.RunAsync(checkpointBytes, configBytes, options, calibration, report, cancellationToken);
            notes = await WriteAsync(output, converted, cancellationToken);
            (speed, speedNote) = (converted.Speed, converted.SpeedNote);
        }
        else
        {
            var all = await ModelConversion.RunAsync(
                checkpointBytes, configBytes, options, forms, calibration, report, cancellationToken);
            (converted, notes, speedNote) = (all.Primary, all.Notes, all.SpeedNote);
            speed = all.Models.Values.Select(form => form.Speed).FirstOrDefault(measured => measured is not null);
            written = await WriteAsync(output, all, cancellationToken);
        }

        var (model, exported) = (converted.Model, converted.Export);
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
                Speed = speed,
                SpeedNote = speedNote,
                Forms = written,
                LargestDifference = model.Parity.LargestDifference,
                Notes = notes,
                ExportMs = converted.ExportTime.TotalMilliseconds,
                VerifyMs = converted.VerificationTime.TotalMilliseconds,
            },
            CliJsonContext.Default.ExportReport,
            Print);
        return ExitCode.Ok;
    }

    /// <summary>Writes a model of one file; a list of forms that an earlier export left beside it would speak of another one.</summary>
    /// <returns>What the user should know.</returns>
    private static async Task<IReadOnlyList<string>> WriteAsync(
        FileInfo output, ConvertedModel converted, CancellationToken cancellationToken)
    {
        var stale = FormManifest.NameOf(output.FullName);
        var wasThere = File.Exists(stale);
        if (wasThere)
        {
            File.Delete(stale);
        }

        await InputFile.WriteAsync(output, converted.Model.Onnx, cancellationToken);
        return wasThere ? [.. converted.Notes, $"{stale} was removed: it listed the forms of another model"] : converted.Notes;
    }

    /// <summary>Writes every form, and their list last: while it is not there, the model file stands for itself.</summary>
    private static async Task<IReadOnlyList<ExportedForm>> WriteAsync(
        FileInfo output, ConvertedForms converted, CancellationToken cancellationToken)
    {
        var set = converted.ToSet();
        var manifest = new FileInfo(FormManifest.NameOf(output.FullName));
        manifest.Delete();
        var written = new List<ExportedForm>();
        foreach (var (form, made) in converted.Models)
        {
            var file = new FileInfo(FormManifest.FileOf(output.FullName, form));
            await InputFile.WriteAsync(file, made.Model.Onnx, cancellationToken);
            written.Add(new ExportedForm(
                FormNames.Of(form),
                file.FullName,
                made.Model.Sha256,
                made.Model.Onnx.Length,
                made.Precision.ToString().ToLowerInvariant(),
                made.Model.Parity.LargestDifference,
                made.Comparison));
        }

        await InputFile.WriteAsync(manifest, set.Manifest!.ToUtf8Json(), cancellationToken);
        return written;
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

        foreach (var form in answer.Forms)
        {
            var photosOf = form.Calibration is { } seen
                ? $"; {seen.Images} photos: {seen.Changed} of {seen.Detections} detections changed"
                : "";
            console.MarkupLineInterpolated(
                $"[bold]{form.Form}[/] -> {form.File}: {form.Bytes:N0} bytes, largest difference {form.LargestDifference:0.0e+00}{photosOf}");
        }

        if (answer is { Speed: { } speed, SpeedNote: { } note8 })
        {
            console.MarkupLineInterpolated($"{note8} ({speed.ConcurrentRuns} runs at a time, {speed.Rounds} rounds in turn)");
        }

        foreach (var note in answer.Notes)
        {
            console.MarkupLineInterpolated($"[yellow]note:[/] {note}");
        }
    }
}
