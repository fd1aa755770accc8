using Nanodet.Serverless.LocalHost.Rpc;
using Nanodet.Serverless.LocalHost.Settings;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>A function of the worker with its bindings sorted, all of them known to this host.</summary>
internal sealed class FunctionDefinition
{
    private const string SupportedText =
        "This host supports the triggers blobTrigger, queueTrigger, timerTrigger, httpTrigger (ASP.NET Core integration), "
        + "orchestrationTrigger, activityTrigger and entityTrigger, the inputs durableClient and blob, "
        + "and the outputs queue, blob and http. "
        + "The Azure Functions Core Tools run everything else.";

    private static readonly string[] Triggers =
        ["blobTrigger", "queueTrigger", "timerTrigger", "httpTrigger", "orchestrationTrigger", "activityTrigger", "entityTrigger"];

    private static readonly string[] SupportedInputs = ["durableClient", "blob"];

    private static readonly string[] SupportedOutputs = ["queue", "blob", "http"];

    private FunctionDefinition(string name, string id, FunctionBinding trigger, IReadOnlyList<FunctionBinding> others)
    {
        Name = name;
        Id = id;
        Trigger = trigger;
        Inputs = [.. others.Where(binding => !binding.IsOutput)];
        Outputs = [.. others.Where(binding => binding.IsOutput && !binding.Is("http"))];
    }

    public string Name { get; }

    public string Id { get; }

    public FunctionBinding Trigger { get; }

    public IReadOnlyList<FunctionBinding> Inputs { get; }

    public IReadOnlyList<FunctionBinding> Outputs { get; }

    public bool IsDisabled { get; private init; }

    /// <summary>The route template of an HTTP function, with the prefix; null for others.</summary>
    public string? Route { get; private init; }

    /// <exception cref="FunctionHostException">The function has something that this host does not know.</exception>
    public static FunctionDefinition Create(RpcFunctionMetadata metadata, HostSettings settings, bool workerServesHttp)
    {
        var bindings = metadata.RawBindings.Select(FunctionBinding.Parse).ToList();
        var triggers = bindings.Where(binding => binding.IsTrigger).ToList();
        if (triggers.Count != 1)
        {
            throw Unsupported($"Function '{metadata.Name}' has {triggers.Count} triggers; expected one.");
        }

        foreach (var binding in bindings)
        {
            var (known, kind) = binding.IsTrigger ? (Triggers, "a trigger")
                : binding.IsOutput ? (SupportedOutputs, "an output")
                : (SupportedInputs, "an input");
            if (!known.Any(binding.Is))
            {
                throw Unsupported($"Function '{metadata.Name}': its binding '{binding.Name}' is {kind} of type '{binding.Type}'.");
            }
        }

        if (metadata.RetryOptions is not null)
        {
            throw Unsupported($"Function '{metadata.Name}' has a retry policy of its own, which is not applied here.");
        }

        var trigger = triggers[0];
        var isHttp = trigger.Is("httpTrigger");
        if (isHttp && !workerServesHttp)
        {
            throw Unsupported($"Function '{metadata.Name}' has an HTTP trigger without the ASP.NET Core integration.");
        }

        bindings.Remove(trigger);
        return new FunctionDefinition(metadata.Name, metadata.FunctionId, trigger, bindings)
        {
            IsDisabled = settings.IsDisabled(metadata.Name),
            Route = isHttp ? $"{settings.RoutePrefix}/{(trigger.Value("route") ?? metadata.Name).TrimStart('/')}".TrimStart('/') : null,
        };
    }

    private static FunctionHostException Unsupported(string what) => new("unsupported_binding", $"{what} {SupportedText}");
}
