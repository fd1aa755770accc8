using System.CommandLine;
using System.Globalization;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Forms;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Conversion;
using Nanodet.Serverless.Pipeline.Registry;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet publish</c>, <c>nanodet models</c> and <c>nanodet rollback</c>: which model a running app serves.</summary>
internal static class ModelCommands
{
    private const int WideTable = 100;

    /// <summary>As many digits as a version has that nobody named; all of them are in the JSON.</summary>
    private const int ShownDigits = 12;

    /// <summary>Creates <c>publish</c>.</summary>
    public static Command CreatePublish()
    {
        var model = new Option<FileInfo?>("--model")
        {
            Description = "The model (.onnx); a foreign one has its NanoDet config (.yml) beside it, "
                + "one with several forms their list (.forms.json).",
        };
        var checkpoint = new Option<FileInfo?>("--checkpoint") { Description = "A checkpoint to export first; with --config." };
        var config = new Option<FileInfo?>("--config") { Description = "Its training config." };
        var precision = ConversionArguments.Precision();
        var forms = ConversionArguments.Forms();
        var calibration = ConversionArguments.Calibration();
        var version = new Option<string?>("--version-name")
        {
            Description = "Version; default: the first 12 digits of the model's SHA-256.",
        };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command("publish", "Verify a model and make it the one that the app serves, without a restart.")
        {
            model, checkpoint, config, precision, forms, calibration, version, json,
        };
        target.AddTo(command);
        command.Validators.Add(result =>
        {
            var (onnx, weights, settings) = (
                result.GetResult(model) is not null,
                result.GetResult(checkpoint) is not null,
                result.GetResult(config) is not null);
            if (onnx == weights || weights != settings)
            {
                result.AddError("publish takes either --model, or --checkpoint with --config.");
            }

            if (onnx && (result.GetResult(precision) is { Implicit: false }
                || result.GetResult(forms) is not null
                || result.GetResult(calibration) is not null))
            {
                result.AddError(
                    "--precision, --forms and --calibration convert a checkpoint: give --checkpoint and --config instead of --model.");
            }

            ConversionArguments.Check(result, forms, precision, calibration);
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = new Report(parsed.GetValue(json));
            var set = parsed.GetValue(model) is { } file
                ? await ReadAsync(file, parsed.GetValue(version), cancellationToken)
                : await ConvertAsync(
                    parsed.GetValue(checkpoint)!,
                    parsed.GetValue(config)!,
                    parsed.GetValue(precision),
                    ConversionArguments.FormsOf(parsed.GetValue(forms)),
                    parsed.GetValue(calibration),
                    parsed.GetValue(version),
                    report,
                    cancellationToken);
            var publisher = (await target.StorageAsync(parsed, cancellationToken)).Publisher;
            return Answer(await publisher.PublishAsync(set, cancellationToken), report);
        });
        return command;
    }

    /// <summary>Creates <c>models</c>.</summary>
    public static Command CreateList()
    {
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command("models", "List the published models.") { json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var models = await (await target.StorageAsync(parsed, cancellationToken)).Publisher.ListAsync(cancellationToken);
            new Report(parsed.GetValue(json)).Write(new ModelsReport(models), CliJsonContext.Default.ModelsReport, Print);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Creates <c>rollback</c>.</summary>
    public static Command CreateRollback()
    {
        var to = new Option<string?>("--to") { Description = "Model as NAME/VERSION; default: the one that was current before." };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command("rollback", "Serve a model again that was published before.") { to, json };
        target.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var publisher = (await target.StorageAsync(parsed, cancellationToken)).Publisher;
            return Answer(await publisher.RollbackAsync(parsed.GetValue(to), cancellationToken), new Report(parsed.GetValue(json)));
        });
        return command;
    }

    /// <summary>Reads and verifies a model, in all its forms where it has several.</summary>
    private static async Task<VerifiedModelSet> ReadAsync(FileInfo file, string? version, CancellationToken cancellationToken)
    {
        var (onnx, config) = await InputFile.ReadModelAsync(file, cancellationToken);
        var primary = VerifiedModel.Verify(onnx, config, version);
        if (FormManifest.FindBeside(file.FullName) is not { } manifest)
        {
            return new VerifiedModelSet(primary);
        }

        var models = new Dictionary<ModelForm, VerifiedModel>();
        foreach (var entry in manifest.Forms)
        {
            var form = new FileInfo(FormManifest.FileOf(file.FullName, entry.Form));
            var model = entry.Form == ModelForm.CpuFloat32
                ? primary
                : VerifiedModel.Verify(await InputFile.ReadAsync(form, "form of the model", cancellationToken), version: version);
            models.Add(entry.Form, model.Sha256 == entry.Sha256
                ? model
                : throw new CliException(
                    "forms_changed",
                    $"{form}: expected SHA-256 {entry.Sha256}, as {FormManifest.NameOf(file.FullName)} says, found {model.Sha256}; "
                    + "export the forms again."));
        }

        return new VerifiedModelSet(models, version);
    }

    private static async Task<VerifiedModelSet> ConvertAsync(
        FileInfo checkpoint,
        FileInfo config,
        ModelPrecision precision,
        IReadOnlyList<ModelForm>? forms,
        DirectoryInfo? calibration,
        string? version,
        Report report,
        CancellationToken cancellationToken)
    {
        var weights = await InputFile.ReadAsync(checkpoint, "checkpoint", cancellationToken);
        var settings = await InputFile.ReadAsync(config, "config", cancellationToken);
        var name = ConversionOptions.NameOf(
            Path.GetFileNameWithoutExtension(config.Name), forms is null ? precision : ModelPrecision.Fp32);
        var options = new ConversionOptions { Name = name, Precision = precision };
        if (forms is not null)
        {
            var all = await ModelConversion.RunAsync(weights, settings, options, forms, calibration, report, cancellationToken);
            return all.ToSet(version);
        }

        var single = await ModelConversion.RunAsync(weights, settings, options, calibration, report, cancellationToken);
        return new VerifiedModelSet(version is null ? single.Model : VerifiedModel.Verify(single.Model.Onnx.ToArray(), version: version));
    }

    private static int Answer(ModelPointer pointer, Report report)
    {
        report.Write(pointer, RegistryJson.Default.ModelPointer, (console, current) => console.MarkupLineInterpolated(
            $"[bold]{current.Id}[/] is current (sha256 {current.Sha256}){(current.Previous is { } previous ? $"; before: {previous}" : "")}"));
        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, ModelsReport answer)
    {
        // What does not fit a narrow terminal is in the JSON.
        var isNarrow = console.Profile.Width < WideTable;
        var table = new Table { Border = isNarrow ? TableBorder.None : TableBorder.Square }
            .AddColumns("", "model", "precision", "published");
        if (!isNarrow)
        {
            table.AddColumns("bytes", "sha256");
            table.Columns[4].RightAligned();
        }

        foreach (var model in answer.Models)
        {
            string[] narrow =
            [
                model.IsCurrent ? "current" : "",
                Markup.Escape(model.Id),
                model.Forms.Count > 0 ? string.Join(' ', model.Forms) : model.Precision ?? "",
                model.PublishedUtc.ToString(isNarrow ? "yyyy-MM-dd" : "u", CultureInfo.InvariantCulture),
            ];
            table.AddRow(isNarrow ? narrow :
            [
                .. narrow,
                model.Bytes.ToString("N0", CultureInfo.InvariantCulture),
                model.Sha256?[..Math.Min(ShownDigits, model.Sha256.Length)] ?? "",
            ]);
        }

        console.Write(table);
    }
}
