using System.CommandLine;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.GpuChecks;

/// <summary><c>nanodet gpu-check</c>: whether models run right and fast on this machine's GPU, in one table.</summary>
internal static class GpuCheckCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var models = new Option<string>("--models")
        {
            Description = "A folder with the forms of a model (.onnx): float32, float16, optimised and plain.",
            Required = true,
        };
        var images = new Option<string>("--images") { Description = "A folder with photos.", Required = true };
        var seconds = new Option<double>("--seconds")
        {
            Description = "How long each rate is measured, 0.1 to 600.",
            DefaultValueFactory = _ => 4,
        }.Within(0.1, 600);
        var provider = new Option<ExecutionProvider>("--provider")
        {
            Description = "cuda, or cpu to try the command without a GPU: what a GPU alone can show is left out.",
            DefaultValueFactory = _ => ExecutionProvider.Cuda,
        };
        var child = new Option<string?>("--child") { Hidden = true };
        var json = CommonOptions.Json();
        var command = new Command(
            "gpu-check",
            "Check this machine's GPU: parity and detections of every form, rates, start, memory, and what happens without a GPU.")
        {
            models, images, seconds, provider, child, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(provider) is { Implicit: false }
                && result.GetValue(provider) is not (ExecutionProvider.Cuda or ExecutionProvider.Cpu))
            {
                result.AddError($"--provider: expected cuda or cpu, found {result.GetValue(provider)}.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var photos = await ReadAsync(parsed.GetRequiredValue(images), cancellationToken);
            var forms = parsed.GetRequiredValue(models);
            if (parsed.GetValue(child) is { } kind)
            {
                Console.Out.WriteLine(GpuCheckChild.Run(
                    kind, forms, photos, parsed.GetValue(provider), parsed.GetValue(seconds), cancellationToken));
                return ExitCode.Ok;
            }

            var check = new GpuCheck(
                Find(forms), parsed.GetRequiredValue(images), photos, parsed.GetValue(provider), parsed.GetValue(seconds));
            var answer = await check.RunAsync(cancellationToken);
            new Report(parsed.GetValue(json)).Write(answer, GpuCheckJson.Default.GpuCheckReport, GpuCheckPrinter.Print);
            return answer.Broken == 0 ? ExitCode.Ok : ExitCode.Failed;
        });
        return command;
    }

    private static string[] Find(string folder)
    {
        string[] files = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.onnx").Order(StringComparer.Ordinal)] : [];
        return files.Length > 0
            ? files
            : throw new CliException("no_models", $"{folder}: expected a folder with models (.onnx), found none.");
    }

    private static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(string folder, CancellationToken cancellationToken)
    {
        var found = ImageFiles.Find(folder, except: Path.Combine(folder, ".nanodet"));
        var images = new List<ReadOnlyMemory<byte>>();
        foreach (var name in found.Files)
        {
            images.Add(await File.ReadAllBytesAsync(Path.Combine(found.Root, name), cancellationToken));
        }

        return images;
    }
}
