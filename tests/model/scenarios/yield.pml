#define PARKS		BIT(W1)
#define YIELDS		BIT(W1)
#define HANDLERS	BIT(W1)
#include "../umcg.pml"
