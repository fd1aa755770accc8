using Microsoft.Azure.WebJobs;

namespace Nanodet.Serverless.LocalHost.Functions;

/// <summary>Shows the engine the one emitted class.</summary>
internal sealed class FunctionTypeLocator(Type emitted) : ITypeLocator
{
    public IReadOnlyList<Type> GetTypes() => [emitted];
}
