using Microsoft.Azure.WebJobs;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>
/// The base of a host's emitted class: one method per function of the worker, each with its trigger's attribute, all ending here.
/// The engine makes an instance per execution from its services, so no host shares state with another.
/// </summary>
internal abstract class EmittedFunctions(FunctionInvoker invoker)
{
    protected Task<object?> InvokeAsync(string function, object trigger, Binder binder, CancellationToken cancellationToken) =>
        invoker.InvokeAsync(function, trigger, binder, cancellationToken);
}
