using System.Globalization;
using Nanodet.Detection.Forms;
using Nanodet.Detection.Gpu;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>The answer of <c>nanodet doctor</c> for people.</summary>
internal static class DoctorPrinter
{
    /// <summary>Prints it.</summary>
    public static void Print(IAnsiConsole console, DoctorReport answer)
    {
        console.Write(new Grid().AddColumn().AddColumn()
            .AddRow("nanodet", Markup.Escape(answer.Nanodet))
            .AddRow(".NET", Markup.Escape(answer.Dotnet))
            .AddRow("system", Markup.Escape(answer.System))
            .AddRow("ONNX Runtime", Markup.Escape(answer.OnnxRuntime))
            .AddRow("JPEG", Markup.Escape(answer.Jpeg.Advice is { } advice ? $"{answer.Jpeg.Library}; {advice}" : answer.Jpeg.Library))
            .AddRow("images", Markup.Escape(answer.Images is { } broken ? $"{broken.Code}" : "every format is decoded, labels are drawn"))
            .AddRow("processor", Markup.Escape($"{answer.Cpu}, {answer.Processors} logical processors, {answer.Vectors}"))
            .AddRow("GPU driver", Markup.Escape(Describe(answer.Gpu)))
            .AddRow("Node.js", answer.Node ?? "not found: the demo's model and Azurite come from npm")
            .AddRow("npm", answer.Npm ?? "not found")
            .AddRow("Azurite", answer.Azurite ?? "not on the path"));
        foreach (var gpu in answer.Gpu.Gpus)
        {
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"GPU {gpu.Index}: {gpu.Name}, {gpu.MemoryUsed >> 20} of {gpu.MemoryTotal >> 20} MiB in use"));
        }

        var libraries = new Table().AddColumns("native library", "found", "version", "");
        foreach (var library in answer.Libraries)
        {
            libraries.AddRow(
                library.File,
                YesNo(library.Found),
                library.Version ?? "",
                Markup.Escape(library.Problem ?? (library.Path is { } path ? $"{library.Purpose}; {path}" : library.Purpose)));
        }

        console.Write(libraries);
        var providers = new Table().AddColumns("provider", "offered", "usable", "");
        foreach (var provider in answer.Providers)
        {
            providers.AddRow(provider.Name, YesNo(provider.Offered), YesNo(provider.Usable), Markup.Escape(provider.Problem ?? ""));
        }

        console.Write(providers);
        if (answer.Model is { } model)
        {
            console.WriteLine(model.Problem is { } problem ? $"model {model.File}: {problem.Message}" : Describe(model));
        }

        if (answer.Storage is { } storage)
        {
            var checks = new Table().AddColumns(Markup.Escape($"storage {storage.BlobService}"), "works", "");
            foreach (var check in storage.Checks)
            {
                checks.AddRow(Markup.Escape(check.Name), YesNo(check.Passed), Markup.Escape(check.Problem ?? ""));
            }

            console.Write(checks);
        }
    }

    private static string YesNo(bool value) => value ? "yes" : "no";

    private static string Describe(GpuStatus gpu) => gpu switch
    {
        { Problem: { } problem } => problem,
        { CudaVersion: { } cuda } => $"{gpu.DriverVersion}, CUDA up to {cuda}",
        _ => gpu.DriverVersion ?? "",
    };

    private static string Describe(DoctorModel model)
    {
        var parity = model.Parity is { HasFixture: true } replayed
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{replayed.ValuesCompared} values replayed, largest difference {replayed.LargestDifference:G3}")
            : "no parity fixture: its score columns are scores";
        var form = model.Form is { } choice ? $" as {FormNames.Of(choice.Form)} ({choice.Reason})" : "";
        return $"model {model.Name}{form} on {model.Provider}, runs {model.Runs}: {parity}";
    }
}
