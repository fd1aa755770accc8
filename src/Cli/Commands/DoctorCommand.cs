using System.CommandLine;
using System.Reflection;
using Nanodet.Serverless.Cli.Output;
using Nanodet.Serverless.Pipeline.Models;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet doctor</c>: what this machine has, and what of it can be used.</summary>
internal static class DoctorCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var json = Options.Json();
        var command = new Command("doctor", "Check versions, processor and execution providers of this machine.") { json };
        command.SetAction((parsed, cancellationToken) => RunAsync(new Report(parsed.GetValue(json)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Report report, CancellationToken cancellationToken)
    {
        var providers = ProviderProbe.Probe();
        var machine = await Machine.ReadAsync(cancellationToken);
        var answer = new DoctorReport
        {
            Nanodet = typeof(DoctorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            Dotnet = machine.Dotnet,
            System = machine.System,
            OnnxRuntime = machine.OnnxRuntime,
            OpenCv = NativeVersions.OpenCv,
            Cpu = machine.Cpu,
            Processors = machine.Processors,
            Vectors = machine.Vectors,
            Node = await Tool.VersionAsync("node", cancellationToken),
            Npm = await Tool.VersionAsync("npm", cancellationToken),
            Azurite = await Tool.VersionAsync("azurite", cancellationToken),
            Providers = providers,
            Problems = [.. providers.Where(provider => provider is { Name: "CPU", Usable: false }).Select(provider => $"CPU: {provider.Problem}")],
        };
        report.Write(answer, CliJsonContext.Default.DoctorReport, Print);
        return answer.Problems.Count == 0
            ? NanodetCommand.Ok
            : throw new CliException("provider_unavailable", string.Join(" ", answer.Problems));
    }

    private static void Print(IAnsiConsole console, DoctorReport answer)
    {
        console.Write(new Grid().AddColumn().AddColumn()
            .AddRow("nanodet", Markup.Escape(answer.Nanodet))
            .AddRow(".NET", Markup.Escape(answer.Dotnet))
            .AddRow("system", Markup.Escape(answer.System))
            .AddRow("ONNX Runtime", Markup.Escape(answer.OnnxRuntime))
            .AddRow("OpenCV", Markup.Escape(answer.OpenCv))
            .AddRow("processor", Markup.Escape($"{answer.Cpu}, {answer.Processors} logical processors, {answer.Vectors}"))
            .AddRow("Node.js", answer.Node ?? "not found: the demo's model and Azurite come from npm")
            .AddRow("npm", answer.Npm ?? "not found")
            .AddRow("Azurite", answer.Azurite ?? "not on the path"));
        var table = new Table().AddColumns("provider", "offered", "usable", "");
        foreach (var provider in answer.Providers)
        {
            table.AddRow(provider.Name, YesNo(provider.Offered), YesNo(provider.Usable), Markup.Escape(provider.Problem ?? ""));
        }

        console.Write(table);
    }

    private static string YesNo(bool value) => value ? "yes" : "no";
}
