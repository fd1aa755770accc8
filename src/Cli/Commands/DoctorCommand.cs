using System.CommandLine;
using System.Reflection;
using Nanodet.Detection.Annotation;
using Nanodet.Detection.Description;
using Nanodet.Detection.Gpu;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Cli.Arguments;
using Nanodet.Serverless.Cli.Cloud;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary><c>nanodet doctor</c>: what this machine has, and what of it can be used.</summary>
internal static class DoctorCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var model = new Option<FileInfo?>("--model") { Description = "A model to load and to hold against its parity fixture." };
        var requireGpu = new Option<bool>("--require-gpu") { Description = "Fail unless a GPU can be used." };
        var storage = new Option<bool>("--storage")
        {
            Description = "Try the storage of the app that 'nanodet up' started; --data names its folder.",
        };
        var target = new TargetOptions(TargetKinds.Data | TargetKinds.Account);
        var json = CommonOptions.Json();
        var command = new Command(
            "doctor",
            "Check versions, processor, native libraries, GPU driver and execution providers of this machine; "
            + "with options a model and storage, too.")
        {
            model, requireGpu, storage, json,
        };
        target.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(storage) is { Implicit: false } && target.NamesAccount(result))
            {
                result.AddError("doctor takes either --storage or --account.");
            }

            if (target.NamesData(result) && result.GetResult(storage) is not { Implicit: false })
            {
                result.AddError("--data: only with --storage");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var needsGpu = parsed.GetValue(requireGpu);
            var answer = await ExamineAsync(cancellationToken);
            answer = answer with
            {
                Model = parsed.GetValue(model) is { } file ? DoctorModel.Check(file, needsGpu) : null,
                Storage = target.NamesAccount(parsed.CommandResult) || parsed.GetValue(storage)
                    ? await TryAsync(
                        await target.StorageAsync(parsed, cancellationToken),
                        byIdentity: target.NamesAccount(parsed.CommandResult),
                        cancellationToken)
                    : null,
            };
            answer = answer with { Problems = [.. FindProblems(answer, needsGpu)] };
            new Report(parsed.GetValue(json)).Write(answer, CliJsonContext.Default.DoctorReport, DoctorPrinter.Print);
            return answer.Problems is [var first, ..]
                ? Report.Fail(first.Code, string.Join(" ", answer.Problems.Select(problem => problem.Message)))
                : ExitCode.Ok;
        });
        return command;
    }

    private static async Task<DoctorReport> ExamineAsync(CancellationToken cancellationToken)
    {
        var machine = await Machine.ReadAsync(cancellationToken);
        return new DoctorReport
        {
            Nanodet = typeof(DoctorCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            Dotnet = machine.Dotnet,
            System = machine.System,
            OnnxRuntime = machine.OnnxRuntime,
            Cpu = machine.Cpu,
            Processors = machine.Processors,
            Vectors = machine.Vectors,
            Node = await Tool.VersionAsync("node", cancellationToken),
            Npm = await Tool.VersionAsync("npm", cancellationToken),
            Azurite = await Tool.VersionAsync("azurite", cancellationToken),
            Libraries = NativeLibraries.Examine(),
            Providers = ProviderProbe.Probe(),
            Gpu = GpuProbe.Probe(),
            Jpeg = JpegDecoding.Current,
            Images = TryImages(),
            Problems = [],
        };
    }

    /// <summary>Decodes and draws as a worker does before it takes work; null when that works.</summary>
    private static DoctorProblem? TryImages()
    {
        try
        {
            ImageSelfTest.Run();
            return null;
        }
        catch (EnvironmentException exception)
        {
            return new DoctorProblem(exception.Code, exception.Message);
        }
    }

    private static async Task<DoctorStorage> TryAsync(CloudStorage storage, bool byIdentity, CancellationToken cancellationToken) =>
        new(storage.Clients.Blobs.Uri, byIdentity, await storage.Probe.RunAsync(cancellationToken));

    /// <summary>An absent GPU is no problem unless somebody asked for one.</summary>
    private static IEnumerable<DoctorProblem> FindProblems(DoctorReport answer, bool needsGpu)
    {
        var unusable = answer.Libraries.Where(library => library is { Required: true, Found: false }).ToArray();
        foreach (var library in unusable)
        {
            yield return new DoctorProblem(library.Code!, library.Problem!);
        }

        if (unusable.Length == 0 && answer.Images is { } broken)
        {
            yield return broken;
        }

        foreach (var provider in answer.Providers.Where(provider =>
            provider is { Name: ProviderSelection.Cpu, Usable: false } && !unusable.Any(library => library.Problem == provider.Problem)))
        {
            yield return new DoctorProblem(ModelErrorCodes.ProviderUnavailable, $"CPU: {provider.Problem}.");
        }

        var gpus = answer.Providers.Where(provider => provider.Name != ProviderSelection.Cpu).ToArray();
        if (needsGpu && !gpus.Any(provider => provider.Usable))
        {
            var driver = answer.Gpu.Problem is { } problem ? $" Driver: {problem}." : "";
            yield return new DoctorProblem(
                ModelErrorCodes.ProviderUnavailable,
                "Expected a GPU, found none that can be used."
                    + $"{driver} {string.Join(" ", gpus.Select(gpu => $"{gpu.Name}: {gpu.Problem}."))}");
        }

        if (answer.Model?.Problem is { } refused)
        {
            yield return refused;
        }

        if (FindHostNameProblem(Environment.GetEnvironmentVariable) is { } nameless)
        {
            yield return nameless;
        }

        foreach (var check in answer.Storage?.Checks.Where(check => !check.Passed) ?? [])
        {
            var role = check.MissingRole is { } missing ? $" The missing role is '{missing}'." : "";
            yield return new DoctorProblem("storage_refused", $"To {check.Name}: {check.Problem}{role}");
        }
    }

    /// <summary>
    /// In the environment of a function app, a host without a name: every function with a durable client fails there. A worker has none,
    /// and a developer's machine is no such environment.
    /// </summary>
    /// <param name="setting">Reads an environment variable.</param>
    internal static DoctorProblem? FindHostNameProblem(Func<string, string?> setting)
    {
        var isApp = setting("AzureWebJobsScriptRoot") is { Length: > 0 } || setting("FUNCTIONS_WORKER_RUNTIME") is { Length: > 0 };
        var isWorker = "worker".Equals(setting("Nanodet__Role"), StringComparison.OrdinalIgnoreCase);
        return isApp && !isWorker && string.IsNullOrEmpty(setting("WEBSITE_HOSTNAME"))
            ? new DoctorProblem(
                "host_name_missing",
                "Expected WEBSITE_HOSTNAME in the environment of this function app, found none: jobs and batches will fail with "
                    + "'Webhooks are not configured'. Set it to the name and port at which the host listens, for example localhost:8080.")
            : null;
    }
}
