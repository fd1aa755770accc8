using System.CommandLine;
using System.Globalization;
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
    /// <summary>Creates <c>publish</c>.</summary>
    public static Command CreatePublish()
    {
        var model = new Option<FileInfo?>("--model")
        {
            Description = "The model (.onnx); a foreign one has its NanoDet config (.yml) beside it.",
        };
        var checkpoint = new Option<FileInfo?>("--checkpoint") { Description = "A checkpoint to export first; with --config." };
        var config = new Option<FileInfo?>("--config") { Description = "Its training config." };
        var precision = ConversionArguments.Precision();
        var calibration = ConversionArguments.Calibration();
        var version = new Option<string?>("--version-name")
        {
            Description = "Version; default: the first 12 digits of the model's SHA-256.",
        };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command("publish", "Verify a model and make it the one that the app serves, without a restart.")
        {
            model, checkpoint, config, precision, calibration, version, json,
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

            if (onnx && (result.GetResult(precision) is { Implicit: false } || result.GetResult(calibration) is not null))
            {
                result.AddError("--precision and --calibration convert a checkpoint: give --checkpoint and --config instead of --model.");
            }

            ConversionArguments.Check(result, precision, calibration);
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = new Report(parsed.GetValue(json));
            var (onnx, settings) = parsed.GetValue(model) is { } file
                ? await InputFile.ReadModelAsync(file, cancellationToken)
                : (
                    await ConvertAsync(
                        parsed.GetValue(checkpoint)!,
                        parsed.GetValue(config)!,
                        parsed.GetValue(precision),
                        parsed.GetValue(calibration),
                        report,
                        cancellationToken),
                    null);
            var publisher = (await target.StorageAsync(parsed, cancellationToken)).Publisher;
            return Answer(await publisher.PublishAsync(onnx, settings, parsed.GetValue(version), cancellationToken), report);
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

    private static async Task<byte[]> ConvertAsync(
        FileInfo checkpoint,
        FileInfo config,
        ModelPrecision precision,
        DirectoryInfo? calibration,
        Report report,
        CancellationToken cancellationToken)
    {
        var converted = await ModelConversion.RunAsync(
            await InputFile.ReadAsync(checkpoint, "checkpoint", cancellationToken),
            await InputFile.ReadAsync(config, "config", cancellationToken),
            new ConversionOptions { Name = Path.GetFileNameWithoutExtension(config.Name), Precision = precision },
            calibration,
            report,
            cancellationToken);
        return converted.Model.Onnx.ToArray();
    }

    private static int Answer(ModelPointer pointer, Report report)
    {
        report.Write(pointer, RegistryJson.Default.ModelPointer, (console, current) => console.MarkupLineInterpolated(
            $"[bold]{current.Id}[/] is current (sha256 {current.Sha256}){(current.Previous is { } previous ? $"; before: {previous}" : "")}"));
        return ExitCode.Ok;
    }

    private static void Print(IAnsiConsole console, ModelsReport answer)
    {
        var table = new Table().AddColumns("", "model", "version", "published", "bytes", "sha256");
        foreach (var model in answer.Models)
        {
            table.AddRow(
                model.IsCurrent ? "current" : "",
                Markup.Escape(model.Name),
                Markup.Escape(model.Version),
                model.PublishedUtc.ToString("u", CultureInfo.InvariantCulture),
                model.Bytes.ToString("N0", CultureInfo.InvariantCulture),
                model.Sha256 ?? "");
        }

        console.Write(table);
    }
}
